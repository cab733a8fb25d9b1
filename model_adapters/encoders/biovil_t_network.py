"""The two networks of BioViL-T (Bannur et al. 2023, arXiv 2301.04558), with the published weight names.

Image half: a ResNet-50, its maps reduced to 256 channels, joined by 256 channels that describe the change since a
previous image, and projected position by position to 128 dimensions; the mean over positions is the embedding. Without
a previous image the change is a learned constant, so the temporal transformer is not run. Its weights are declared all
the same: so a file is checked whole.

Text half: a BERT whose [CLS] state goes through a projection head to 128 dimensions.

Layout after microsoft/hi-ml, hi-ml-multimodal (MIT): image/model/{encoder,model,modules,transformer}.py and
text/model/modelling_cxrbert.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from model_adapters.encoders.resnet_network import FEATURES, ResNet50

if TYPE_CHECKING:
    from transformers import BertConfig

JOINT = 128
CHANGE = 256
"""Channels of the current image's reduced maps, and of the change."""


class _Attention(nn.Module):
    """Weights of one attention layer of the temporal transformer: queries, keys and values without bias."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj_q = nn.Linear(dim, dim, bias=False)
        self.proj_k = nn.Linear(dim, dim, bias=False)
        self.proj_v = nn.Linear(dim, dim, bias=False)
        self.proj = nn.Linear(dim, dim)


class _Mlp(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, dim)
        self.fc2 = nn.Linear(dim, dim)


class _Block(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = _Attention(dim)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = _Mlp(dim)


class _TemporalPooler(nn.Module):
    """Weights of the transformer that compares two images; never run here."""

    def __init__(self, dim: int, blocks: int = 3) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_Block(dim) for _ in range(blocks))
        self.norm_post = nn.LayerNorm(dim, eps=1e-6)
        self.type_embed = nn.Parameter(torch.zeros(2, 1, dim))


class _MultiImageEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = ResNet50()
        self.backbone_to_vit = nn.Conv2d(FEATURES, CHANGE, 1, bias=False)
        self.vit_pooler = _TemporalPooler(CHANGE)
        self.missing_previous_emb = nn.Parameter(torch.zeros(1, CHANGE, 1, 1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        current = self.backbone_to_vit(self.encoder.maps(image))
        return torch.cat([current, self.missing_previous_emb.expand_as(current)], dim=1)


class _Projector(nn.Module):
    def __init__(self, channels: int, joint: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(channels, joint, 1, bias=False),
            nn.BatchNorm2d(joint),
            nn.ReLU(inplace=True),
            nn.Conv2d(joint, joint, 1),
        )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.model(maps)
        return out


class BioViLTImage(nn.Module):
    """The image half for single images."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = _MultiImageEncoder()
        self.projector = _Projector(2 * CHANGE, JOINT)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """float32[b, 3, 448, 448] in [0, 1] -> float32[b, 128], L2-normalised."""
        positions = self.projector(self.encoder(image))
        return nn.functional.normalize(positions.mean((2, 3)), dim=1)


class _ProjectionHead(nn.Module):
    def __init__(self, hidden: int, joint: int) -> None:
        super().__init__()
        self.dense_to_hidden = nn.Linear(hidden, joint)
        self.LayerNorm = nn.LayerNorm(joint, eps=1e-12)
        self.dense_to_output = nn.Linear(joint, joint)

    def forward(self, state: torch.Tensor) -> torch.Tensor:
        state = self.LayerNorm(nn.functional.gelu(self.dense_to_hidden(state)))
        out: torch.Tensor = self.dense_to_output(state)
        return out


class BioViLTText(nn.Module):
    """The text half (CXR-BERT).

    Args:
        config: of its BERT; `projection_size` may be set on it.
    """

    def __init__(self, config: BertConfig) -> None:
        from transformers import BertModel

        super().__init__()
        self.bert = BertModel(config, add_pooling_layer=False)
        self.cls_projection_head = _ProjectionHead(config.hidden_size, getattr(config, "projection_size", JOINT))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """int64[b, tokens] twice -> float32[b, joint], L2-normalised."""
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return nn.functional.normalize(self.cls_projection_head(states[:, 0]), dim=1)

"""The parts of the embedded VLM that are ours: where Lite0 is tapped, the projector, and LoRA folded into SmolLM2.

Training and adapter share this file, so a prompt means the same to both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from model_adapters.encoders.lite0 import _apply as lite0_input
from model_adapters.encoders.lite0 import load_network
from model_adapters.protocols import BuildContext, Image
from model_adapters.vlms.smollm2 import WIDTH

SUFFIX = "\nAnswer:\n"
"""What follows the prompt; the answer comes next, then end of text."""

FINE_SIDE, COARSE_SIDE = 14, 7
FINE_CHANNELS, COARSE_CHANNELS = 4 * 40 + 112, 320
TOKENS = 5  # per image: four quadrants, then the whole
_STRIDE_8, _STRIDE_16, _STRIDE_32 = 4, 10, 15  # blocks of Lite0 whose outputs are taken


@dataclass(frozen=True)
class Features:
    """What the frozen encoder says of n images.

    Attributes:
        fine: float16[n, 14, 14, 272]: the 28 x 28 map folded to 14 x 14, and the 14 x 14 map.
        coarse: float16[n, 7, 7, 320].
    """

    fine: NDArray[np.float16]
    coarse: NDArray[np.float16]


class Eye:
    """Lite0 up to its last block, frozen, one image at a time."""

    def __init__(self, device: str = "cpu") -> None:
        self._device = torch.device(device)
        network, self.path = load_network(BuildContext())
        self._network = network.eval().requires_grad_(False).to(self._device)

    @torch.inference_mode()
    def look(self, image: Image) -> Features:
        """The features of one image (n = 1), in half precision as training stored them."""
        x = torch.from_numpy(lite0_input(image)[None]).to(self._device)
        x = self._network._swish(self._network._bn0(self._network._conv_stem(x)))
        taken = {}
        for place, block in enumerate(self._network._blocks):
            x = block(x)
            if place in (_STRIDE_8, _STRIDE_16, _STRIDE_32):
                taken[place] = x
        fine = torch.cat([functional.pixel_unshuffle(taken[_STRIDE_8], 2), taken[_STRIDE_16]], 1)
        return Features(_half(fine), _half(taken[_STRIDE_32]))


def _half(maps: Tensor) -> NDArray[np.float16]:
    """[n, c, h, w] -> float16[n, h, w, c]."""
    return maps.permute(0, 2, 3, 1).contiguous().cpu().half().numpy()


class Block(nn.Module):
    """Pre-norm self-attention and MLP over the 196 places of an image."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """float [n, places, width] -> the same shape."""
        n, places, width = x.shape
        q, k, v = self.mix(self.norm1(x)).view(n, places, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, places, width)
        x = x + self.out(seen)
        moved: Tensor = x + self.down(functional.gelu(self.up(self.norm2(x))))
        return moved


class Question(nn.Module):
    """The words of the question as one vector, so that the projector knows what to look for (as in InstructBLIP)."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.weigh = nn.Linear(WIDTH, heads)
        self.out = nn.Linear(heads * WIDTH, width)

    def forward(self, words: Tensor, known: Tensor) -> Tensor:
        """Token embeddings float [n, length, 576], bool [n, length] -> float [n, width]."""
        x = self.norm(words)
        share = self.weigh(x).masked_fill(~known[..., None], float("-inf")).softmax(1)
        told: Tensor = self.out(torch.einsum("nlh,nlw->nhw", share, x).flatten(1))
        return functional.gelu(told)


class Projector(nn.Module):
    """Lite0's maps and the question -> five tokens an image in the space of SmolLM2's embeddings.

    Args:
        width, blocks: of the transformer between.
        scale: standard deviation of an output value at the start: that of the embedding table.
    """

    def __init__(self, width: int = 128, blocks: int = 2, scale: float = 0.1) -> None:
        super().__init__()
        for name, channels in (("fine", FINE_CHANNELS), ("coarse", COARSE_CHANNELS)):
            self.register_buffer(f"{name}_mean", torch.zeros(channels))
            self.register_buffer(f"{name}_std", torch.ones(channels))
        self.fine, self.coarse = nn.Linear(FINE_CHANNELS, width), nn.Linear(COARSE_CHANNELS, width)
        self.place = nn.Parameter(torch.randn(FINE_SIDE**2, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, 4) for _ in range(blocks))
        self.question = Question(width)
        self.steer = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(blocks + 1))
        self.norm = nn.LayerNorm(width)
        self.detect = nn.Linear(width, 2 * width)
        self.last = nn.LayerNorm(4 * width)
        self.token = nn.Linear(4 * width, WIDTH)
        self.kind = nn.Parameter(torch.zeros(TOKENS, WIDTH))
        nn.init.normal_(self.token.weight, std=scale / (4 * width) ** 0.5)
        for steer in self.steer:
            nn.init.normal_(steer.weight, std=0.02)

    def forward(self, fine: Tensor, coarse: Tensor, words: Tensor, known: Tensor, of: Tensor) -> Tensor:
        """float [n, 14, 14, 272], float [n, 7, 7, 320] -> float [n, 5, 576].

        Args:
            words, known: token embeddings float [q, length, 576] of the questions, and which of them are no padding.
            of: int [n]: which question an image belongs to.
        """
        n = len(fine)
        asked = self.question(words, known)[of]
        x = self.fine((fine - self.fine_mean) / self.fine_std)
        wide = self.coarse((coarse - self.coarse_mean) / self.coarse_std)
        x = x + wide.repeat_interleave(2, 1).repeat_interleave(2, 2)
        x = x.flatten(1, 2) + self.place
        for steer, block in zip(self.steer, self.blocks, strict=False):
            x = block(_steered(x, steer(asked)))
        x = _steered(self.norm(x), self.steer[-1](asked))
        x = functional.gelu(self.detect(x)).view(n, 2, FINE_SIDE // 2, 2, FINE_SIDE // 2, -1)
        # sums and maxima per quadrant: how much of something there is, and whether
        mean, most = x.mean((2, 4)).flatten(1, 2), x.amax((2, 4)).flatten(1, 2)
        parts = torch.cat([4 * mean, most], -1)
        whole = torch.cat([4 * mean.mean(1, keepdim=True), most.amax(1, keepdim=True)], -1)
        tokens: Tensor = self.token(self.last(torch.cat([parts, whole], 1))) + self.kind
        return tokens


def _steered(x: Tensor, told: Tensor) -> Tensor:
    gain, shift = told[:, None].chunk(2, -1)
    return x * (1 + gain) + shift


def tensors_of(features: Features) -> tuple[Tensor, Tensor]:
    """Float32 inputs of the projector."""
    return torch.from_numpy(features.fine).float(), torch.from_numpy(features.coarse).float()


def pieces(parts: Sequence[str | Image], tokenizer: Any) -> list[list[int] | Image]:
    """A prompt with its text as token ids, each text part on its own, and `SUFFIX` at the end."""
    found: list[list[int] | Image] = []
    texts = [*parts]
    if texts and isinstance(texts[-1], str):
        texts[-1] = texts[-1] + SUFFIX
    else:
        texts.append(SUFFIX)
    for part in texts:
        found.append(tokenizer.encode(part).ids if isinstance(part, str) else part)
    return found

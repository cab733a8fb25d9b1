"""BioViL-T's layout against a table written from hi-ml's source, and its forward passes against plain numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.model_adapters.encoders.tiny import fill

Shapes = dict[str, tuple[int, ...]]

IMAGE_FILE_BYTES = 109_745_561
"""Size of the published image file, as several public projects record it."""


def batch_norm(name: str, channels: int) -> Shapes:
    vectors = {f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")}
    return {**vectors, f"{name}.num_batches_tracked": ()}


def linear(name: str, inputs: int, outputs: int, *, bias: bool = True) -> Shapes:
    return {f"{name}.weight": (outputs, inputs)} | ({f"{name}.bias": (outputs,)} if bias else {})


def layer_norm(name: str, dim: int) -> Shapes:
    return {f"{name}.weight": (dim,), f"{name}.bias": (dim,)}


def image_table() -> Shapes:
    """image/model: ImageModel(MultiImageEncoder(resnet50), MLP with 1 x 1 convolutions), file by file."""
    table: Shapes = {"encoder.encoder.conv1.weight": (64, 3, 7, 7), **batch_norm("encoder.encoder.bn1", 64)}
    channels = 64
    for stage, (blocks, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), start=1):
        for block in range(blocks):
            name = f"encoder.encoder.layer{stage}.{block}"
            table |= {
                f"{name}.conv1.weight": (width, channels, 1, 1),
                f"{name}.conv2.weight": (width, width, 3, 3),
                f"{name}.conv3.weight": (4 * width, width, 1, 1),
                **batch_norm(f"{name}.bn1", width),
                **batch_norm(f"{name}.bn2", width),
                **batch_norm(f"{name}.bn3", 4 * width),
            }
            if block == 0:
                table[f"{name}.downsample.0.weight"] = (4 * width, channels, 1, 1)
                table |= batch_norm(f"{name}.downsample.1", 4 * width)
            channels = 4 * width
    # ResNetHIML keeps torchvision's last layer, unused, so the file has it
    table |= linear("encoder.encoder.fc", 2048, 1000)
    table["encoder.backbone_to_vit.weight"] = (256, 2048, 1, 1)
    table["encoder.missing_previous_emb"] = (1, 256, 1, 1)
    table["encoder.vit_pooler.type_embed"] = (2, 1, 256)
    for block in range(3):
        name = f"encoder.vit_pooler.blocks.{block}"
        table |= layer_norm(f"{name}.norm1", 256) | layer_norm(f"{name}.norm2", 256)
        for part in ("proj_q", "proj_k", "proj_v"):
            table |= linear(f"{name}.attn.{part}", 256, 256, bias=False)
        table |= linear(f"{name}.attn.proj", 256, 256)
        table |= linear(f"{name}.mlp.fc1", 256, 256) | linear(f"{name}.mlp.fc2", 256, 256)  # mlp_ratio is 1
    table |= layer_norm("encoder.vit_pooler.norm_post", 256)
    table["projector.model.0.weight"] = (128, 512, 1, 1)
    table |= batch_norm("projector.model.1", 128)
    table |= {"projector.model.3.weight": (128, 128, 1, 1), "projector.model.3.bias": (128,)}
    return table


def text_table(vocabulary: int = 30522, hidden: int = 768, layers: int = 12, inner: int = 3072) -> Shapes:
    """text/model/modelling_cxrbert.py: what `get_projected_text_embeddings` reads of a CXRBertModel."""
    table: Shapes = {
        "bert.embeddings.word_embeddings.weight": (vocabulary, hidden),
        "bert.embeddings.position_embeddings.weight": (512, hidden),
        "bert.embeddings.token_type_embeddings.weight": (2, hidden),
        **layer_norm("bert.embeddings.LayerNorm", hidden),
    }
    for layer in range(layers):
        name = f"bert.encoder.layer.{layer}"
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            table |= linear(f"{name}.{part}", hidden, hidden)
        table |= linear(f"{name}.intermediate.dense", hidden, inner) | linear(f"{name}.output.dense", inner, hidden)
        table |= layer_norm(f"{name}.attention.output.LayerNorm", hidden) | layer_norm(
            f"{name}.output.LayerNorm", hidden
        )
    table |= linear("cls_projection_head.dense_to_hidden", hidden, 128)
    table |= layer_norm("cls_projection_head.LayerNorm", 128)
    return table | linear("cls_projection_head.dense_to_output", 128, 128)


def shapes(network: object) -> Shapes:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}  # type: ignore[attr-defined]


def test_image_half_key_by_key_and_shape_by_shape() -> None:
    import torch

    from model_adapters.encoders.biovil_t_network import BioViLTImage

    with torch.device("meta"):
        found = shapes(BioViLTImage())
    table = image_table()
    assert found == table
    assert len(table) == 372, "the published file holds 372 tensors"
    payload = sum(math.prod(shape) * (8 if name.endswith("tracked") else 4) for name, shape in table.items())
    assert 0 < IMAGE_FILE_BYTES - payload < 500 * len(table), "the rest of the file is headers"


def test_text_half_key_by_key_and_shape_by_shape() -> None:
    import torch
    from transformers import BertConfig

    from model_adapters.encoders.biovil_t_network import BioViLTText

    with torch.device("meta"):
        found = shapes(BioViLTText(BertConfig()))
    assert found == text_table()
    # the published safetensors file also holds BERT's pooler and the word prediction head (its decoder is tied)
    more = 768 * 768 + 768 + 768 * 768 + 768 + 2 * 768 + 30522
    payload = 4 * (sum(math.prod(shape) for shape in text_table().values()) + more)
    assert 0 < 440_909_232 - payload < 40_000


def test_image_forward_by_hand() -> None:
    """The projection of every position, its mean and its norm in numpy; the temporal transformer plays no part."""
    import torch

    from model_adapters.encoders.biovil_t_network import BioViLTImage

    network = fill(BioViLTImage())
    image = torch.rand(2, 3, 96, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found = network(image).numpy()
        maps = network.encoder.encoder.maps(image).numpy().astype(float)
    w = {name: value.numpy().astype(float) for name, value in network.state_dict().items()}
    assert maps.shape == (2, 2048, 3, 2)
    current = np.einsum("oc,bchw->bohw", w["encoder.backbone_to_vit.weight"][..., 0, 0], maps)
    change = np.broadcast_to(w["encoder.missing_previous_emb"], current.shape)
    x = np.einsum("oc,bchw->bohw", w["projector.model.0.weight"][..., 0, 0], np.concatenate([current, change], 1))
    mean, var, gain, shift = (
        w[f"projector.model.1.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
    )
    x = np.maximum((x - mean) / np.sqrt(var + 1e-5) * gain + shift, 0)
    x = (
        np.einsum("oc,bchw->bohw", w["projector.model.3.weight"][..., 0, 0], x)
        + w["projector.model.3.bias"][:, None, None]
    )
    x = x.mean((2, 3))
    np.testing.assert_allclose(found, x / np.linalg.norm(x, axis=1, keepdims=True), atol=1e-5)


def test_text_forward_by_hand() -> None:
    """The projection head on the [CLS] state of transformers' own BERT, with the error function written out."""
    import torch
    from transformers import BertConfig

    from model_adapters.encoders.biovil_t_network import BioViLTText

    config = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    network = fill(BioViLTText(config))
    ids = torch.tensor([[2, 17, 5, 3], [2, 9, 9, 3]])
    with torch.no_grad():
        found = network(ids, torch.ones_like(ids)).numpy()
        cls = network.bert(input_ids=ids).last_hidden_state[:, 0].numpy().astype(float)
    w = {name: value.numpy().astype(float) for name, value in network.cls_projection_head.state_dict().items()}
    x = cls @ w["dense_to_hidden.weight"].T + w["dense_to_hidden.bias"]
    x = x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
    x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-12)
    x = x * w["LayerNorm.weight"] + w["LayerNorm.bias"]
    x = x @ w["dense_to_output.weight"].T + w["dense_to_output.bias"]
    np.testing.assert_allclose(found, x / np.linalg.norm(x, axis=1, keepdims=True), atol=1e-5)


@pytest.mark.slow
def test_full_size_text_forward() -> None:
    import torch
    from transformers import BertConfig

    from model_adapters.encoders.biovil_t_network import BioViLTText

    network = BioViLTText(BertConfig()).eval()
    with torch.no_grad():
        out = network(torch.arange(20)[None], torch.ones(1, 20, dtype=torch.long))
    assert out.shape == (1, 128)
    assert float(out.norm()) == pytest.approx(1, abs=1e-5)

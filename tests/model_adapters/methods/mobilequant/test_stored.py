"""A model written and read back computes the same; damage is told; the encodings say what the file means."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from data_splits.errors import UserError
from model_adapters.methods.mobilequant.network import convert, freeze, last_hidden
from model_adapters.methods.mobilequant.sites import Bits
from model_adapters.methods.mobilequant.stages import ranges
from model_adapters.methods.mobilequant.stored import ENCODINGS, WEIGHTS, read_model, told_of, write_model
from model_adapters.methods.mobilequant.texts import Item


def written(llama: Callable[..., Any], folder: Path, embeds: torch.Tensor, bits: Bits, **changes: Any) -> Any:
    model = convert(llama(**changes), bits)
    ranges(model, [Item(embeds, torch.zeros(12))], folder.parent / "ranges.safetensors")
    freeze(model)
    write_model(folder, model, bits, None, "tiny")
    return model


@pytest.mark.parametrize(
    ("bits", "changes"),
    [
        (Bits(8, 8), {}),
        (Bits(4, 6), {"tie_word_embeddings": False, "attention_bias": True}),
        (Bits(4, 8, symmetric=True), {}),
        (Bits(3, 16, 12), {}),
    ],
)
def test_it_computes_the_same_after_reading(
    llama: Callable[..., Any], tmp_path: Path, embeds: torch.Tensor, bits: Bits, changes: dict[str, Any]
) -> None:
    model = written(llama, tmp_path / "model", embeds, bits, **changes)
    found = read_model(tmp_path / "model")
    assert told_of(tmp_path / "model") == ("tiny", bits)
    assert torch.equal(last_hidden(found, embeds), last_hidden(model, embeds))
    ids = torch.arange(6)[None]
    assert torch.equal(found(input_ids=ids).logits, model(input_ids=ids).logits)


def test_four_bits_take_half_a_byte(llama: Callable[..., Any], tmp_path: Path, embeds: torch.Tensor) -> None:
    written(llama, tmp_path / "model", embeds, Bits(4, 8))
    tensors = load_file(tmp_path / "model" / WEIGHTS)
    assert tensors["0.up_proj.codes"].shape == (48, 16)
    assert tensors["0.up_proj.codes"].dtype == torch.uint8


def test_encodings_give_the_weights_back(llama: Callable[..., Any], tmp_path: Path, embeds: torch.Tensor) -> None:
    model = written(llama, tmp_path / "model", embeds, Bits(8, 8))
    told = json.loads((tmp_path / "model" / ENCODINGS).read_text("utf-8"))
    codes = load_file(tmp_path / "model" / WEIGHTS)["1.down_proj.codes"].double()
    one = told["weights"]["1.down_proj"]
    values = (codes - torch.tensor(one["zero"])[:, None]) * torch.tensor(one["scale"])[:, None]
    assert torch.allclose(values.float(), model.model.layers[1].mlp.down_proj.weight)
    assert one["per_channel"]
    assert not told["weights"]["1.up_proj"]["per_channel"]
    site = told["activations"]["0.probs"]
    assert site["bits"] == 16
    assert site["max"] == pytest.approx(1.0)
    assert len(told["activations"]) == 2 * 19


def test_damage_is_told(llama: Callable[..., Any], tmp_path: Path, embeds: torch.Tensor) -> None:
    folder = tmp_path / "model"
    with pytest.raises(UserError, match=f"no {WEIGHTS}"):
        read_model(folder)
    written(llama, folder, embeds, Bits(8, 8))
    told = json.loads((folder / ENCODINGS).read_text("utf-8"))
    kept = told["activations"].pop("0.probs")
    (folder / ENCODINGS).write_text(json.dumps(told))
    with pytest.raises(UserError, match="no sound quantised model"):
        read_model(folder)
    (folder / ENCODINGS).write_text(json.dumps(told | {"encodings_version": 2}))
    with pytest.raises(UserError, match="version 2"):
        read_model(folder)
    told["activations"]["0.probs"] = kept
    (folder / ENCODINGS).write_text(json.dumps(told))
    tensors = load_file(folder / WEIGHTS)
    save_file({name: each for name, each in tensors.items() if "embed" not in name}, folder / WEIGHTS)
    with pytest.raises(UserError, match="no sound") as said:
        read_model(folder)
    assert "\n" not in str(said.value)
    (folder / WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(UserError, match="no sound"):
        read_model(folder)

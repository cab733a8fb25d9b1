"""What is no Llama checkpoint is refused in one line that says what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from data_splits.errors import UserError
from model_adapters.methods.mobilequant.made_up import write_llama
from model_adapters.methods.mobilequant.sources import open_source


def test_a_checkpoint_is_read_as_transformers_reads_it(tmp_path: Path) -> None:
    from transformers import LlamaForCausalLM

    folder = write_llama(tmp_path / "llama")
    source = open_source(str(folder))
    theirs = LlamaForCausalLM.from_pretrained(folder, local_files_only=True).eval()
    ids = torch.arange(9)[None]
    assert torch.allclose(source.model(input_ids=ids).logits, theirs(input_ids=ids).logits, atol=1e-4)
    assert list(source.hashes) == ["model.safetensors"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model_type": "gpt2"}, "is a 'gpt2' model"),
        ({"_class_name": "UNet2DModel"}, "is a 'UNet2DModel' model"),
        ({"model_type": "llama", "hidden_act": "gelu"}, "activation 'gelu'"),
    ],
)
def test_other_classes_are_refused(tmp_path: Path, config: dict[str, str], message: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=message) as told:
        open_source(str(tmp_path))
    assert "\n" not in str(told.value)


def test_a_folder_without_linear_layers_or_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no config\.json"):
        open_source(str(tmp_path))
    folder = write_llama(tmp_path / "llama")
    path = folder / "model.safetensors"
    tensors = load_file(path)
    save_file({n: t for n, t in tensors.items() if "1.mlp.up_proj" not in n}, path)
    with pytest.raises(UserError, match=r"no model\.layers\.1\.mlp\.up_proj\.weight"):
        open_source(str(folder))
    save_file({n: t for n, t in tensors.items() if "_proj" not in n}, path)
    with pytest.raises(UserError, match="no linear layer"):
        open_source(str(folder))
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="not a readable safetensors"):
        open_source(str(folder))
    path.unlink()
    with pytest.raises(UserError, match=r"no \.safetensors file"):
        open_source(str(folder))


def without(name: str) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    return lambda tensors: {each: tensor for each, tensor in tensors.items() if each != name}


UP = "model.layers.1.mlp.up_proj.weight"


@pytest.mark.parametrize(
    ("change", "config", "message"),
    [
        (without("model.embed_tokens.weight"), {}, r"no model\.embed_tokens\.weight"),
        (without("model.norm.weight"), {}, r"no model\.norm\.weight"),
        (dict, {"tie_word_embeddings": False}, r"no lm_head\.weight"),
        (dict, {"attention_bias": True}, r"no model\.layers\.0\.self_attn\.q_proj\.bias"),
        (lambda t: {**t, UP: t[UP][:, :5].contiguous()}, {}, r"shape \(48, 5\), and config\.json wants \(48, 32\)"),
        (lambda t: {**t, UP: t[UP].to(torch.int8)}, {}, "as I8: it is quantised already"),
        (lambda t: {**t, UP: t[UP].to(torch.float8_e4m3fn)}, {}, "as F8_E4M3: it is quantised already"),
        (lambda t: {**t, UP: t[UP] * torch.nan}, {}, "not finite in model.layers.1.mlp.up_proj"),
        (dict, [1, 2], "no table of settings"),
        (dict, {"num_hidden_layers": 0}, "no layers"),
        (dict, {"num_attention_heads": 0}, "describes no Llama model"),
        (dict, {"num_attention_heads": 5}, "not a multiple"),
        (dict, {"hidden_size": "x"}, "expected int"),
    ],
)
def test_a_damaged_checkpoint_is_told_in_a_line(tmp_path: Path, change: Any, config: Any, message: str) -> None:
    folder = write_llama(tmp_path / "llama")
    save_file(change(load_file(folder / "model.safetensors")), folder / "model.safetensors")
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **config} if isinstance(config, dict) else config))
    with pytest.raises(UserError, match=message) as told:
        open_source(str(folder))
    assert "\n" not in str(told.value)


def test_half_precision_is_read(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "llama")
    tensors = load_file(folder / "model.safetensors")
    save_file({name: each.to(torch.bfloat16) for name, each in tensors.items()}, folder / "model.safetensors")
    read = open_source(str(folder)).model.model.layers[1].mlp.up_proj.weight
    assert torch.equal(read, tensors[UP].to(torch.bfloat16).float())

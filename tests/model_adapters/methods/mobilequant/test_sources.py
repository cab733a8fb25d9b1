"""What is no Llama checkpoint is refused in one line that says what it is."""

from __future__ import annotations

import json
from pathlib import Path

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

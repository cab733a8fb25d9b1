import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from data_splits.errors import UserError
from model_adapters.methods.capacity_control import checkpoint
from model_adapters.methods.capacity_control.adapting import adapt
from model_adapters.methods.capacity_control.base import Base, locate_base
from model_adapters.methods.capacity_control.blocks import Allowed, blocks_of


@pytest.mark.parametrize("family", ["attention", "lora", "oft", "svdiff", "difffit", "ssf"])
def test_the_adapter_on_its_base_is_the_checkpoint(family: str, tiny_sd: Path, tmp_path: Path) -> None:
    located = locate_base(str(tiny_sd))
    base = Base(located, "cpu")
    names = blocks_of(base.network)
    adapted = adapt(base.network, family, Allowed(names, (True, False, True, True), False), 2, 0)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for each in adapted.parameters.values():
            each.add_(0.1 * torch.randn(each.shape, generator=rng))
    facts = {"family": family, "mask": "1011", "rank": "2", "outside": "false"}
    checkpoint.write_adapter(adapted.parameters, facts, tmp_path / "adapter.safetensors")
    assert sum(each.numel() for each in load_file(tmp_path / "adapter.safetensors").values()) == adapted.count
    adapted.fold()
    checkpoint.copy_base(located, tmp_path / "model")
    file = checkpoint.write_denoiser(base.network, tmp_path / "model" / "unet", "float32")
    again = Base(located, "cpu").network
    checkpoint.apply_adapter(again, tmp_path / "adapter.safetensors")
    stored = load_file(file)
    assert stored.keys() == again.state_dict().keys()
    assert all(torch.equal(stored[name], each) for name, each in again.state_dict().items())


def test_the_rest_of_the_base_is_copied_byte_for_byte_and_nothing_else(tiny_sd: Path, tmp_path: Path) -> None:
    import shutil

    base = tmp_path / "base"
    shutil.copytree(tiny_sd, base)
    for name in ("README.md", "unet/pytorch_model.bin", "vae/diffusion_pytorch_model.fp16.safetensors", "photo.png"):
        (base / name).write_bytes(b"x")
    (tmp_path / "out/stale").mkdir(parents=True)
    checkpoint.copy_base(locate_base(str(base)), tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    whole = {path.relative_to(tiny_sd).as_posix() for path in tiny_sd.rglob("*") if path.is_file()}
    assert found == whole - {"unet/diffusion_pytorch_model.safetensors"}
    assert all((tmp_path / "out" / name).read_bytes() == (tiny_sd / name).read_bytes() for name in found)
    assert "unet/config.json" in found and not (tmp_path / "out/stale").exists()
    assert str(base) not in json.dumps([(tmp_path / "out" / n).read_text() for n in found if n.endswith(".json")])


def test_weights_that_are_no_numbers_are_not_written(tiny_sd: Path, tmp_path: Path) -> None:
    network = Base(locate_base(str(tiny_sd)), "cpu").network
    with torch.no_grad():
        network.conv_in.bias.fill_(1e6)
    checkpoint.write_denoiser(network, tmp_path, "bfloat16")
    with pytest.raises(UserError, match=r"conv_in\.bias is not finite in float16"):
        checkpoint.write_denoiser(network, tmp_path, "float16")


def test_an_adapter_of_another_model_is_refused(tiny_sd: Path, tmp_path: Path) -> None:
    network = Base(locate_base(str(tiny_sd)), "cpu").network
    facts = {"family": "bias", "mask": "", "rank": "4", "outside": "false"}
    checkpoint.write_adapter({"conv_in.bias": torch.zeros(3)}, facts, tmp_path / "a.safetensors")
    with pytest.raises(UserError, match="belongs to another model"):
        checkpoint.apply_adapter(network, tmp_path / "a.safetensors")
    save_file({"conv_in.bias": torch.zeros(3)}, tmp_path / "b.safetensors")
    with pytest.raises(UserError, match="was not written by capacity-control"):
        checkpoint.apply_adapter(network, tmp_path / "b.safetensors")

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from merge_runs import write
from safetensors.torch import save_file

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.methods.merging.checkpoint import Zeros, open_checkpoint

TENSORS = {
    "half": torch.tensor([[1.5, -2.0]], dtype=torch.bfloat16),
    "single": torch.tensor([0.1, 1e-40, float("inf")]),
    "double": torch.tensor([0.1], dtype=torch.float64),
    "count": torch.tensor(7),
    "empty": torch.zeros(0, 3),
    "scalar": torch.tensor(2.5),
}


def test_tensors_are_what_the_package_reads(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file(TENSORS, path, metadata={"format": "pt"})
    found = open_checkpoint(str(path))
    assert set(found.entries) == set(TENSORS) and found.sha256 == sha256_file(path)
    for name, tensor in TENSORS.items():
        if name == "count":
            assert found.raw(name) == (7).to_bytes(8, "little")
            continue
        read = found.read(name)
        assert read.dtype == (torch.float64 if name == "double" else torch.float32)
        assert torch.equal(read, tensor.to(read.dtype)) and read.shape == tensor.shape


def test_folders_shards_and_the_hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = tmp_path / "one"
    write(one, "diffusion_pytorch_model", {"w": np.ones(2)})
    write(one, "anything", {"v": np.ones(2)})
    assert list(open_checkpoint(str(one)).entries) == ["w"]
    many = tmp_path / "many"
    write(many, "model-1-of-2", {"a": np.ones(2)})
    write(many, "model-2-of-2", {"b": np.zeros(1)})
    weight_map = {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}
    index = many / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": weight_map}))
    found = open_checkpoint(str(many))
    assert sorted(found.entries) == ["a", "b"] and found.read("a").tolist() == [1.0, 1.0]
    assert len(found.sha256) == 64
    cached = {("o/n", "diffusion_pytorch_model.safetensors"): one / "diffusion_pytorch_model.safetensors"}
    monkeypatch.setattr(
        "huggingface_hub.try_to_load_from_cache",
        lambda repository, name: str(cached[repository, name]) if (repository, name) in cached else None,
    )
    assert list(open_checkpoint("o/n").entries) == ["w"]
    with pytest.raises(UserError, match="hf download o/other-2"):
        open_checkpoint("o/other-2.1")
    index.write_text(json.dumps({"weight_map": {"a": "../one/anything.safetensors"}}))
    with pytest.raises(UserError, match="outside its folder"):
        open_checkpoint(str(many))


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(b"x")
    (tmp_path / "m.safetensors").write_bytes(b"\xff" * 40)
    (tmp_path / "empty").mkdir()
    for name, message in (
        ("m.bin", "can run code"),
        ("m.safetensors", "not a readable"),
        ("none.safetensors", "No model"),
        ("empty", "holds 0"),
    ):
        with pytest.raises(UserError, match=message):
            open_checkpoint(str(tmp_path / name))
    path = write(tmp_path, "cut", {"w": np.ones(1000)})
    found = open_checkpoint(path)
    Path(path).write_bytes(Path(path).read_bytes()[:-8])
    with pytest.raises(UserError, match="ends within w"):
        found.read("w")


def test_zeros_have_the_shape_of_another(tmp_path: Path) -> None:
    like = open_checkpoint(write(tmp_path, "m", {"w": np.ones((2, 3), dtype=np.float32)}))
    assert Zeros(like).read("w").tolist() == [[0.0] * 3] * 2
    assert Zeros(like).sha256 != like.sha256 and Zeros(like).folder is None

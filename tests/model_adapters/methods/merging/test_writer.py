from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from model_adapters.methods.merging.checkpoint import open_checkpoint
from model_adapters.methods.merging.writer import TensorWriter

TENSORS = {
    "b": torch.tensor([[1.5, -2.0]], dtype=torch.bfloat16), "a": torch.arange(5.0), "empty": torch.zeros(0, 2),
    "count": torch.tensor([3]), "é": torch.tensor(0.25, dtype=torch.float64),
}  # fmt: skip


@pytest.fixture
def entries(tmp_path: Path) -> dict:  # type: ignore[type-arg]
    save_file(TENSORS, tmp_path / "like.safetensors")
    return open_checkpoint(str(tmp_path / "like.safetensors")).entries


def put(writer: TensorWriter, name: str) -> None:
    raw = bytearray((3).to_bytes(8, "little"))
    writer.write(name, raw if name == "count" else TENSORS[name])


def test_the_package_reads_what_was_written(tmp_path: Path, entries: dict) -> None:  # type: ignore[type-arg]
    writer = TensorWriter(tmp_path / "out" / "m.safetensors", entries)
    for name in reversed(writer.names):
        put(writer, name)
    file = writer.finish()
    found = load_file(file)
    assert set(found) == set(TENSORS)
    assert all(
        torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype for name, tensor in TENSORS.items()
    )
    with safe_open(file, framework="pt") as stream:
        assert stream.metadata() == {"format": "pt"}
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["m.safetensors"]


def test_half_written_it_goes_on_with_the_same_bytes(tmp_path: Path, entries: dict) -> None:  # type: ignore[type-arg]
    whole = TensorWriter(tmp_path / "whole" / "m.safetensors", entries)
    for name in whole.names:
        put(whole, name)
    first = TensorWriter(tmp_path / "cut" / "m.safetensors", entries)
    put(first, "a")
    put(first, "count")
    journal = tmp_path / "cut.m.safetensors.journal"
    assert journal.exists()
    with journal.open("a") as stream:
        stream.write("1")  # torn: no line end
    second = TensorWriter(tmp_path / "cut" / "m.safetensors", entries)
    assert second.done == {"a", "count"}
    for name in second.names:
        if name not in second.done:
            put(second, name)
    assert second.finish().read_bytes() == whole.finish().read_bytes()
    assert TensorWriter(tmp_path / "cut" / "m.safetensors", entries).done == set(TENSORS)


def test_other_tensors_start_anew_and_gaps_are_no_file(tmp_path: Path, entries: dict) -> None:  # type: ignore[type-arg]
    first = TensorWriter(tmp_path / "out" / "m.safetensors", entries)
    put(first, "a")
    other = TensorWriter(tmp_path / "out" / "m.safetensors", entries, {"a": "F16"})
    assert other.done == set()
    with pytest.raises(ValueError, match="never written"):
        other.finish()
    with pytest.raises(ValueError, match="bytes"):
        other.write("a", torch.zeros(4))
    other.write("a", torch.arange(5.0))

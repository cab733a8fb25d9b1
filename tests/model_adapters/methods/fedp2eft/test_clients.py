"""Clients are read, and what is wrong with one is said with its name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from data_splits.errors import UserError
from model_adapters.methods.fedp2eft.clients import count, read_clients


def write(path: Path, **changes: torch.Tensor | None) -> str:
    tensors: dict[str, torch.Tensor | None] = {
        "train.inputs": torch.zeros(4, 2), "train.targets": torch.zeros(4), "test.inputs": torch.zeros(3, 2),
        "test.targets": torch.zeros(3),
    }  # fmt: skip
    tensors.update(changes)
    save_file({name: tensor for name, tensor in tensors.items() if tensor is not None}, path)
    return str(path)


def test_reads(tmp_path: Path) -> None:
    seen, unseen = write(tmp_path / "a.safetensors"), write(tmp_path / "b.safetensors")
    clients = read_clients([seen], [unseen])
    assert [(client.name, client.seen, count(client.train)) for client in clients] == [("a", True, 4), ("b", False, 4)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"train.targets": None}, "no labels"),
        ({"test.inputs": None}, "no test.inputs"),
        ({"test.targets": torch.zeros(5)}, "differ in length"),
        ({"train.inputs": torch.zeros(0, 2), "train.targets": torch.zeros(0)}, "empty"),
    ],
)
def test_faults(change: dict[str, torch.Tensor | None], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        read_clients([write(tmp_path / "a.safetensors", **change)])


def test_no_client_missing_file_same_name_damaged_file(tmp_path: Path) -> None:
    one = write(tmp_path / "a.safetensors")
    with pytest.raises(UserError, match="needs clients"):
        read_clients([])
    with pytest.raises(UserError, match="No client at"):
        read_clients([str(tmp_path / "gone.safetensors")])
    with pytest.raises(UserError, match="Two clients"):
        read_clients([one], [one])
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    with pytest.raises(UserError, match="readable"):
        read_clients([str(tmp_path / "bad.safetensors")])

"""What is written of a federation comes back."""

from __future__ import annotations

from pathlib import Path

import torch

from model_adapters.methods.fedp2eft.federation import Progress
from model_adapters.methods.fedp2eft.progress_file import read_progress, write_progress


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "rounds.safetensors"
    assert read_progress(path) is None
    before = Progress(4, {"a.weight": torch.arange(3.0)}, {"one": {"b.c": torch.ones(2)}, "two": {"d": torch.zeros(1)}})
    write_progress(path, before)
    after = read_progress(path)
    assert after is not None and after.done == 4
    assert torch.equal(after.state["a.weight"], before.state["a.weight"])
    assert {name: list(kept) for name, kept in after.private.items()} == {"one": ["b.c"], "two": ["d"]}

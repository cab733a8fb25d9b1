from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from signs import stage_of

from data_splits.errors import UserError
from model_adapters.methods.steel.made_up import made_up_steel
from model_adapters.methods.steel.tasks import open_host
from model_adapters.methods.steel.vectors import Layout, VectorFile
from model_adapters.methods.steel.zoo import files_hash, files_of, read_zoo, train_zoo


def test_given_adapters_become_rows(tmp_path: Path) -> None:
    for index in range(3):
        save_file({"b": torch.full((2,), float(index)), "a": torch.ones(1)}, tmp_path / f"{index}.safetensors")
    files, layout = files_of(str(tmp_path), "zoo"), Layout({"a": (1,), "b": (2,)})
    zoo, told = VectorFile(tmp_path / "zoo.f32", 3), []  # type: ignore[var-annotated]
    read_zoo(files, layout, zoo, stage_of(tmp_path / "c", told=told))
    assert zoo.rows(0, 3).tolist() == [[1, 0, 0], [1, 1, 1], [1, 2, 2]] and told == [1]
    before = files_hash(files)
    save_file({"b": torch.zeros(3), "a": torch.ones(1)}, tmp_path / "2.safetensors")
    assert files_hash(files) != before
    with pytest.raises(UserError, match="has no 'b' of shape"):
        read_zoo(files, layout, VectorFile(tmp_path / "again.f32", 3), stage_of(tmp_path / "d"))


def test_source_tasks_are_learnt_one_after_the_other_and_not_twice(tmp_path: Path) -> None:
    made = made_up_steel(tmp_path)
    host = open_host("mlp", made["weights"], 2, ["*"], tmp_path / "one.safetensors")
    files = files_of(made["sources"], "sources")[:4]
    whole, cut = (VectorFile(tmp_path / name, host.layout.size) for name in ("whole.f32", "cut.f32"))
    train_zoo(files, host, "cross-entropy", 0, "cpu", 5, 0.05, whole, stage_of(tmp_path / "c"))
    train_zoo(files[:2], host, "cross-entropy", 0, "cpu", 5, 0.05, cut, stage_of(tmp_path / "d"))
    told: list[int] = []
    train_zoo(files, host, "cross-entropy", 0, "cpu", 5, 0.05, cut, stage_of(tmp_path / "d", told=told))
    assert told == [3, 4] and cut.sha256 == whole.sha256 and np.ptp(whole.rows(0, 4), axis=0).min() > 0


def test_nothing_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="names no file"):
        files_of(str(tmp_path), "zoo")
    with pytest.raises(UserError, match="There is no file"):
        files_hash([str(tmp_path / "a.safetensors")])

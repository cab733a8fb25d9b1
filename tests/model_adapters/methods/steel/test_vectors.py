from pathlib import Path

import numpy as np
import pytest
import torch

from data_splits.errors import UserError
from model_adapters.methods.steel import vectors
from model_adapters.methods.steel.vectors import Layout, VectorFile, moments

RNG = np.random.default_rng(0)


def file_of(folder: Path, rows: np.ndarray) -> VectorFile:
    file = VectorFile(folder / "rows.f32", rows.shape[1])
    file.write(0, rows.astype(np.float32))
    return file


def test_tensors_and_vectors_are_each_others_inverse() -> None:
    layout = Layout({"a": (2, 3), "b": (4,)})
    tensors = {"a": torch.randn(2, 3), "b": torch.randn(4)}
    vector = layout.vector(tensors)
    assert layout.size == 10 and vector.tolist() == [*tensors["a"].reshape(-1).tolist(), *tensors["b"].tolist()]
    back = layout.tensors(vector)
    assert all((back[name] == tensors[name]).all() for name in tensors)


def test_rows_come_back_in_any_order_and_a_torn_one_does_not_count(tmp_path: Path) -> None:
    rows = RNG.standard_normal((600, 5)).astype(np.float32)
    file = file_of(tmp_path, rows)
    assert len(file) == 600 and (np.concatenate(list(file.blocks())) == rows).all()
    assert (file.picked([599, 3]) == rows[[599, 3]]).all() and (file.rows(598, 9) == rows[598:]).all()
    with file.path.open("ab") as stream:
        stream.write(b"torn")
    assert len(file) == 600
    file.write(600, rows[:1])
    assert len(file) == 601 and file.path.stat().st_size == 601 * 20


def test_a_hash_follows_the_bytes(tmp_path: Path) -> None:
    file = file_of(tmp_path, np.zeros((2, 3)))
    before = file.sha256
    file.write(1, np.ones((1, 3), np.float32))
    assert file.sha256 != before


def test_what_is_not_finite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not finite"):
        file_of(tmp_path, np.array([[np.nan]]))


def test_moments_are_numpys_and_standardising_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "BLOCK", 7)
    rows = (RNG.standard_normal((50, 4)) * [1, 10, 0, 1e-3] + 5).astype(np.float32)
    found = moments(file_of(tmp_path, rows))
    np.testing.assert_allclose(found.mean, rows.mean(axis=0, dtype=np.float64), rtol=1e-9)
    np.testing.assert_allclose(found.deviation[[0, 1, 3]], rows.std(axis=0, ddof=1, dtype=np.float64)[[0, 1, 3]])
    assert found.deviation[2] == 1.0
    np.testing.assert_allclose(found.restored(found.standardised(rows)), rows, rtol=1e-5)
    with pytest.raises(UserError, match="no spread"):
        moments(file_of(tmp_path / "one", rows[:1]))

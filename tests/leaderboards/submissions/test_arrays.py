"""Statistics files are plain tables of arrays; moments are those of some images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from made_submissions import run_folder
from safetensors.numpy import save

from leaderboards.submissions import limits
from leaderboards.submissions.arrays import array_problems, check_arrays, check_files, header_problem
from leaderboards.submissions.form import read


def test_an_honest_run(tmp_path: Path) -> None:
    each, _ = read(run_folder(tmp_path, "gamma", 3), "r")
    assert each is not None and check_files(each) == [] and check_arrays(each) == []


def test_a_selection_cannot_ask_for_all_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    each, _ = read(run_folder(tmp_path, "gamma", 3), "r")
    assert each is not None
    monkeypatch.setattr(limits, "MAX_SELECTED", 59)
    (found,) = check_arrays(each)
    assert "selects 60 rows at once" in found.message


def test_missing_and_oversized_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run_folder(tmp_path, "gamma", 3)
    (folder / "statistics" / "rows.safetensors").unlink()
    each, _ = read(folder, "r")
    assert each is not None
    assert ["not part of the submission" in found.message for found in check_files(each)] == [True]
    monkeypatch.setattr(limits, "MAX_STATISTICS_BYTES", 10)
    assert len(check_files(each)) == 6


@pytest.mark.parametrize("tensors", [{}, {"a": np.zeros((2, 3))}, {"a": np.zeros(0), "b": np.ones(3, np.uint8)}])
def test_what_the_library_writes_is_plain(tmp_path: Path, tensors: dict[str, np.ndarray]) -> None:
    path = tmp_path / "x"
    path.write_bytes(save(tensors))
    assert header_problem(path, "x") is None


@pytest.mark.parametrize(
    ("entries", "size", "message"),
    [
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, 8, "gaps"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, 3, "longer or shorter"),
        ({"a": {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}}, 4, "no shape"),
        ({"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, 4, "no shape"),
        ({"a": {"dtype": "F32", "shape": [1] * 9, "data_offsets": [0, 4]}}, 4, "no shape"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], "x": 1}}, 4, "other fields"),
        ({"a": {"dtype": "F32"}}, 4, "other fields"),
    ],
)
def test_odd_headers(tmp_path: Path, entries: dict[str, object], size: int, message: str) -> None:
    text = json.dumps(entries).encode()
    path = tmp_path / "x"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(size))
    assert message in str(header_problem(path, "x"))


def test_moments_of_images_and_of_nothing() -> None:
    x = np.random.default_rng(0).normal(size=(50, 4))
    good = {
        "reference_count": np.array([50.0]),
        "reference_sum": x.sum(axis=0)[None],
        "reference_outer": (x.T @ x)[None],
    }
    assert list(array_problems(good)) == []
    shrunk = good | {"reference_outer": good["reference_outer"] - 60 * np.eye(4)}
    skewed = good | {"reference_outer": good["reference_outer"] + np.triu(np.ones((4, 4)), 1)}
    flat = good | {"reference_outer": good["reference_outer"][0]}
    lone = {"reference_outer": good["reference_outer"]}
    for arrays, message in ((shrunk, "negative variance"), (skewed, "symmetric"), (flat, "shape"), (lone, "lack")):
        assert message in " ".join(array_problems(arrays))


def test_negative_counts_and_nan() -> None:
    assert "negative count" in " ".join(array_problems({"removed_count": np.array([-1.0])}))
    assert "NaN" in " ".join(array_problems({"values": np.array([np.nan])}))
    assert list(array_problems({"values": np.array([-1.0])})) == []

"""The same images under another name are found, also in another order or under invisible noise; two models are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_submissions import CASES, DIM, drawn, run_folder

from leaderboards.submissions.duplicates import NEAR, SAME, Other, check_duplicates, feature_distance
from leaderboards.submissions.form import Submitted, read


def submitted(folder: Path, name: str, seed: int, features: np.ndarray | None = None, **changes: object) -> Submitted:
    found, _ = read(run_folder(folder, name, seed, features, **changes), "r")
    assert found is not None
    return found


def noisy(scale: float) -> np.ndarray:
    return np.abs(drawn(1) + scale * np.random.default_rng(8).normal(size=(CASES, DIM))).astype(np.float32)


def test_distance() -> None:
    assert feature_distance(drawn(1), drawn(1)) == 0.0
    assert feature_distance(drawn(1), drawn(1)[::-1].copy()) == 0.0
    assert feature_distance(drawn(1), drawn(1)[:10]) is None
    constant = np.ones((CASES, DIM), np.float32)
    assert feature_distance(constant, constant) == 0.0 and feature_distance(constant, 2 * constant) is None
    two_models = feature_distance(drawn(1), drawn(2))
    assert two_models is not None and two_models > 5 * NEAR
    slight = feature_distance(drawn(1), noisy(0.01))
    assert slight is not None and SAME < slight < NEAR


@pytest.mark.parametrize(
    ("features", "level", "message"),
    [
        (drawn(1)[::-1].copy(), "error", "are those of alpha"),
        (noisy(1e-5), "error", "are those of alpha"),
        (noisy(0.01), "warning", "are nearly those of alpha"),
        (drawn(2), None, ""),
    ],
    ids=["reordered", "rounded", "near", "another"],
)
def test_features_of_another_model(features: np.ndarray, level: str | None, message: str, tmp_path: Path) -> None:
    alpha = Other.of(submitted(tmp_path / "a", "alpha", 1))
    found = check_duplicates(submitted(tmp_path / "b", "gamma", 3, features), [alpha])
    assert [each.level for each in found] == ([level] if level else [])
    assert all(message in each.message for each in found)


def test_same_samples_same_record_same_question(tmp_path: Path) -> None:
    alpha = submitted(tmp_path / "a", "alpha", 1)
    again = submitted(tmp_path / "b", "alpha", 1)
    assert ["bit for bit" in each.message for each in check_duplicates(again, [Other.of(alpha)])] == [True]
    redone = submitted(tmp_path / "c", "alpha", 2)
    assert ["has a record" in each.message or "have a record" in each.message
            for each in check_duplicates(redone, [Other.of(alpha)])] == [True]  # fmt: skip
    other_seed = submitted(tmp_path / "d", "alpha", 2, run_seed=7)
    assert check_duplicates(other_seed, [Other.of(alpha)]) == []
    renamed = submitted(tmp_path / "e", "omega", 5, samples_hash=alpha.record.samples_hash)
    assert ["very samples of alpha" in each.message for each in check_duplicates(renamed, [Other.of(alpha)])] == [True]


def test_other_questions_and_encoders_are_not_compared(tmp_path: Path) -> None:
    split = {"name": "other", "hash": "00" * 32}
    alpha = Other.of(submitted(tmp_path / "a", "alpha", 1, split=split))
    assert check_duplicates(submitted(tmp_path / "b", "gamma", 1), [alpha]) == []

"""Features that no image has are told from those of odd models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_submissions import CASES, DIM, SECRET, drawn, library, real, run_folder

from leaderboards.records.io import read_record, write_record
from leaderboards.submissions.features import check_features, equal_rows, implausible
from leaderboards.submissions.form import Submitted, read


def submitted(folder: Path, features: np.ndarray) -> Submitted:
    found, _ = read(run_folder(folder, "gamma", 3, features), "r")
    assert found is not None
    return found


@pytest.mark.parametrize(
    "features",
    [drawn(3), np.ones((CASES, DIM), np.float32), 3 * real(), real()[::-1].copy(), 0.01 * real()],
    ids=["honest", "constant", "bright", "shuffled", "dim"],
)
def test_odd_models_are_plausible(features: np.ndarray) -> None:
    assert implausible(features, real()) == []


@pytest.mark.parametrize(
    ("features", "message"),
    [(-drawn(3), "negative"), (100 * drawn(3), "times as long"), (0 * drawn(3), "all zero")],
)
def test_impossible_features(features: np.ndarray, message: str) -> None:
    assert message in " ".join(implausible(features, real()))


def test_a_far_coordinate_of_centred_features() -> None:
    centred = np.random.default_rng(0).normal(size=(CASES, DIM)).astype(np.float32)
    assert implausible(-centred, centred) == []
    odd = centred.copy()
    odd[0, 0] = 1e3
    assert implausible(odd, centred)


def test_copies_of_real_images_are_named(tmp_path: Path) -> None:
    mixed = drawn(3)
    mixed[:6] = real()[:6]
    assert equal_rows(mixed, real()) == 0.1
    (found,) = check_features(submitted(tmp_path, mixed), [])
    assert found.level == "warning" and found.rule == "copies" and "10 %" in found.message


def test_another_network_behind_a_known_name(tmp_path: Path) -> None:
    entry = library(tmp_path / "results").add(run_folder(tmp_path / "alpha", "alpha", 1))
    each = submitted(tmp_path / "run", drawn(3))
    assert check_features(each, [entry]) == []
    (encoder,) = each.record.encoders
    for change in ({"fingerprint": "66" * 32}, {"settings": {"side": 225}}):
        other = entry.record.model_copy(update={"encoders": [encoder.model_copy(update=change)]})
        found = check_features(each, [replace(entry, record=other)])
        assert [(line.level, line.rule) for line in found] == [("error", "encoder")]


def test_real_features_of_another_record_stand_in(tmp_path: Path) -> None:
    held = library(tmp_path / "results")
    entry = held.add(run_folder(tmp_path / "alpha", "alpha", 1))
    folder = run_folder(tmp_path / "run", "gamma", 3, 100 * drawn(3), split=SECRET)
    (folder / "statistics" / "features.lite0.reference.safetensors").unlink()
    record = read_record(folder)
    files = {name: digest for name, digest in record.statistics.items() if "lite0.reference" not in name}
    write_record(folder, record.model_copy(update={"statistics": files}))
    each, _ = read(folder, "r")
    assert each is not None
    assert any(found.level == "error" for found in check_features(each, [entry]))
    (found,) = check_features(each, [])
    assert found.level == "warning" and "no features of real images" in found.message

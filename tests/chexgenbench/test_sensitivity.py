"""Damage done to images moves the right metrics in the right direction, on phantoms and on real radiographs.

Expected ranges on the real images: shared/data/README.md, "What to expect" (Lite0 at 256 px, train against test).
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from chexgenbench.metrics.base import MetricInput, Side
from chexgenbench.metrics.registry import find
from chexgenbench.projection import Projection
from data_splits.case import Case
from data_splits.images.decode import read_image
from data_splits.sources import load_split
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import estimate
from model_adapters.encoders import ENCODERS
from model_adapters.protocols import BuildContext

Pixels = NDArray[np.uint8]
Features = NDArray[np.float32]


@pytest.fixture(scope="module")
def encode() -> Callable[[list[Pixels]], Features]:
    """Images -> lite0 features."""
    encoder = ENCODERS.build("lite0", BuildContext())

    def run(images: list[Pixels]) -> Features:
        ready = [encoder.preprocess(image) for image in images]
        size = encoder.compute_batch
        ready += [ready[-1]] * (-len(ready) % size)
        parts = [encoder.encode(np.stack(ready[start : start + size])) for start in range(0, len(ready), size)]
        return np.concatenate(parts)[: len(images)]

    return run


def side(features: Features, patients: list[str], prefix: str) -> Side:
    names = np.array([f"{prefix}{index}" for index in range(len(features))], dtype=np.str_)
    return Side(features, np.array(patients, dtype=np.str_), names, np.arange(len(features)), f"lite0.{prefix}")


def measured(name: str, generated: Side, reference: Side, train: Side | None = None) -> Estimate:
    """A v2 metric as the score stage computes it."""
    metric = find(name)
    assert metric is not None
    projection = Projection.fit(train.features) if train is not None and name == "fid64" else None
    data = MetricInput(generated, reference, "lite0", 3, train=train, projection=projection)
    measurement = metric.measure(data)
    assert measurement.reason is None, measurement.reason
    arrays: dict[str, Any] = {}
    for key, array in measurement.arrays.items():
        part = {"lite0.generated": generated, "lite0.reference": reference}.get(getattr(array, "source", ""))
        arrays[key] = array if part is None else part.features[array.rows]  # type: ignore[union-attr]
    return estimate(metric.estimator, arrays, measurement.parameters)


def value(name: str, generated: Side, reference: Side, train: Side | None = None) -> float:
    found = measured(name, generated, reference, train).value
    assert found is not None
    return found


def blur(image: Pixels, sigma: float) -> Pixels:
    """Pillow's approximation, with which the expected ranges were measured; a true Gaussian blurs a little more."""
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(sigma)))


def noise(image: Pixels, sigma: float, seed: int) -> Pixels:
    drawn = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(np.rint(image + drawn), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def phantom(encode: Callable[[list[Pixels]], Features]) -> tuple[dict[str, Side], list[Case]]:
    """Features of 96 training phantoms, intact and damaged, and of 96 test phantoms."""
    split = load_split("phantom", train=70, test=70)
    cases = {name: list(split.cases(name))[:96] for name in ("train", "test")}
    images = {name: [split.read_image(case) for case in part] for name, part in cases.items()}
    train = images["train"]
    versions = {
        "generated": train,
        "blurred": [blur(image, 2) for image in train],
        "noisy": [noise(image, 15, index) for index, image in enumerate(train)],
    }
    patients = [case.patient for case in cases["train"]]
    sides = {name: side(encode(part), patients, "generated") for name, part in versions.items()}
    sides["collapsed"] = sides["generated"].take([index % 6 for index in range(96)])
    sides["reference"] = side(encode(images["test"]), [case.patient for case in cases["test"]], "reference")
    return sides, cases["train"]


@pytest.mark.parametrize("damage", ["blurred", "noisy"])
def test_damaged_phantoms_are_farther_from_real_ones(phantom: Any, damage: str) -> None:
    sides, _ = phantom
    reference, intact, damaged = sides["reference"], sides["generated"], sides[damage]
    for name in ("fid", "kid", "mmd_rbf"):
        assert value(name, damaged, reference, intact) > value(name, intact, reference, intact), name
    assert measured("kid", damaged, reference).low > measured("kid", intact, reference).high  # type: ignore[operator]
    assert value("permutation_p", damaged, reference) < 0.01 < value("permutation_p", intact, reference)
    assert value("coverage", damaged, reference) < value("coverage", intact, reference) - 0.2


def test_mode_collapse_costs_recall_and_diversity_but_not_precision(phantom: Any) -> None:
    sides, _ = phantom
    reference, intact, collapsed = sides["reference"], sides["generated"], sides["collapsed"]
    assert value("precision", collapsed, reference) > value("precision", intact, reference) - 0.25
    assert value("recall", collapsed, reference) < value("recall", intact, reference) - 0.4
    assert value("coverage", collapsed, reference) < value("coverage", intact, reference) - 0.4
    assert value("vendi", collapsed, reference) <= 6.001 < value("vendi", intact, reference)


def test_shuffled_labels_hide_overall_and_show_per_pathology(phantom: Any) -> None:
    """Images of the wrong findings: the set is the same, the group "Cardiomegaly" no longer holds large hearts."""
    sides, cases = phantom
    large = [index for index, case in enumerate(cases) if case.labels["Cardiomegaly"] == 1]
    normal = [index for index, case in enumerate(cases) if case.labels["No Finding"] == 1]
    n = min(len(large), len(normal))
    assert n >= 12
    half = n // 2
    everything = sides["generated"]
    true_group, other_half = everything.take(large[:half]), everything.take(large[half : 2 * half])
    wrong_group = everything.take(normal[:half])
    assert value("kid", wrong_group, other_half) > value("kid", true_group, other_half)
    order = np.random.default_rng(0).permutation(len(everything))
    assert value("fid", everything.take(order), sides["reference"]) == pytest.approx(
        value("fid", everything, sides["reference"]), rel=1e-9
    )


def nih(shared_data: Path) -> dict[str, list[dict[str, str]]]:
    with (shared_data / "nih" / "cases.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    return {name: [row for row in rows if row["split"] == name] for name in ("train", "test")}


def real_sides(
    shared_data: Path, encode: Callable[[list[Pixels]], Features], limit: int | None
) -> Callable[[str, Callable[[Pixels, int], Pixels] | None], Side]:
    rows = nih(shared_data)

    def load(part: str, damage: Callable[[Pixels, int], Pixels] | None = None) -> Side:
        chosen = rows[part][:limit]
        images = [read_image(shared_data / "nih" / "images" / row["image"]) for row in chosen]
        damaged = images if damage is None else [damage(image, index) for index, image in enumerate(images)]
        name = "reference" if part == "test" else "generated"
        return side(encode(damaged), [row["patient_id"] for row in chosen], name)

    return load


def test_damaged_radiographs_are_farther_from_real_ones(
    shared_data: Path, encode: Callable[[list[Pixels]], Features]
) -> None:
    load = real_sides(shared_data, encode, 64)
    reference, intact = load("test", None), load("train", None)
    blurred = load("train", lambda image, _: blur(image, 2))
    assert value("kid", blurred, reference) > 0.08 > 0.03 > value("kid", intact, reference)
    assert value("fid", blurred, reference) > 1.5 * value("fid", intact, reference)
    assert value("permutation_p", blurred, reference) < 0.01


@pytest.mark.slow
def test_expected_ranges_on_the_shared_radiographs(
    shared_data: Path, encode: Callable[[list[Pixels]], Features]
) -> None:
    load = real_sides(shared_data, encode, None)
    reference = load("test", None)
    found = {
        "floor": load("train", None),
        "flip": load("train", lambda image, _: image[:, ::-1].copy()),
        "blur 1": load("train", lambda image, _: blur(image, 1)),
        "blur 2": load("train", lambda image, _: blur(image, 2)),
        "noise 15": load("train", lambda image, index: noise(image, 15, index)),
    }
    fid = {name: value("fid", generated, reference) for name, generated in found.items()}
    kid = {name: value("kid", generated, reference) for name, generated in found.items()}
    for name, expected in {"floor": 51.8, "flip": 52.3, "blur 2": 168.0, "noise 15": 253.0}.items():
        assert fid[name] == pytest.approx(expected, rel=0.05), (name, fid)
    for name, expected, tolerance in (
        ("floor", 0.0013, 0.002),
        ("flip", 0.0011, 0.002),
        ("blur 1", 0.043, 0.01),
        ("blur 2", 0.24, 0.03),
        ("noise 15", 0.43, 0.05),
    ):
        assert kid[name] == pytest.approx(expected, abs=tolerance), (name, kid)

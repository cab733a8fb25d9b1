"""Planted truth: copies are worth exactly what the real images are worth, and constant images nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_discs import HASTY, QUICK, metric_input
from made_features import score

from chexgenbench.metrics.utility.utility_dice import METRIC
from chexgenbench.utility import segmentation
from leaderboards.statistics.registry import estimate
from model_adapters.predictors.unet import UNetSegmenter


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmentation, "RECIPE", QUICK)
    monkeypatch.setattr(segmentation, "MIN_TRAINING", 20)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmentation, "RECIPE", HASTY)
    monkeypatch.setattr(segmentation, "MIN_TRAINING", 20)


@pytest.mark.usefixtures("quick")
def test_copies_are_worth_exactly_what_their_twin_is_and_flat_images_nothing() -> None:
    data = metric_input()
    found = score(METRIC, data)
    assert found.extra["tstr_minus_twin"] == found.extra["tstr_minus_twin_high"] == 0.0
    assert found.value == found.extra["twin"] == found.extra["mixed"]
    assert found.value > found.extra["no_skill"] + 0.2
    assert abs(found.extra["trtr_minus_twin"]) < 0.15, "what pseudo-labels cost"
    assert found.low < found.value < found.high  # type: ignore[operator]
    assert found.value == pytest.approx((found.extra["tstr.disc"] + found.extra["tstr.ring"]) / 2)
    flat = score(METRIC, replace(metric_input(lambda images: np.full_like(images, 0.4)), shared=data.shared))
    assert flat.value < flat.extra["no_skill"] + 0.1  # type: ignore[operator]
    assert flat.extra["tstr_minus_twin_high"] < -0.1 and flat.extra["twin"] == found.extra["twin"]


@pytest.mark.usefixtures("hasty")
def test_order_of_the_images_does_not_matter() -> None:
    data = metric_input(lambda images: 0.8 * images)
    assert data.synthetic is not None and data.train is not None
    rng = np.random.default_rng(0)
    moved = replace(
        data,
        synthetic=data.synthetic.take(rng.permutation(40)),
        reference=data.reference.take(rng.permutation(60)),
        train=data.train.take(rng.permutation(40)),
        shared={},
    )
    assert score(METRIC, moved).value == pytest.approx(score(METRIC, data).value, abs=1e-12)


@pytest.mark.usefixtures("hasty")
def test_a_private_split_stores_sums_of_blocks_of_patients() -> None:
    data = metric_input()
    opened = METRIC.measure(data)
    closed = METRIC.measure(replace(data, share_reference=False))
    assert opened.arrays["count"].shape == (30, 2) and closed.arrays["count"].shape == (1, 2)
    assert closed.arrays["tstr"].shape == (2, 1, 2)
    one, other = (estimate("segmentation", each.arrays, each.parameters) for each in (opened, closed))
    assert other.value == pytest.approx(one.value, abs=1e-12) and other.low is None


@pytest.mark.usefixtures("hasty")
def test_networks_are_trained_once_also_across_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fits: list[int] = []
    fit = UNetSegmenter.fit
    monkeypatch.setattr(UNetSegmenter, "fit", lambda *a: fits.append(1) or fit(*a))
    first = score(METRIC, metric_input(scratch=tmp_path))
    assert len(fits) == 1 + 2 * 2, "a teacher; real images by teacher and by truth; copies are the former"
    assert score(METRIC, metric_input(scratch=tmp_path)) == first and len(fits) == 5
    sorted((tmp_path / "segmentation").iterdir())[0].write_bytes(b"torn")
    assert score(METRIC, metric_input(scratch=tmp_path)) == first and len(fits) == 6


@pytest.mark.usefixtures("hasty")
def test_a_structure_that_some_image_lacks_is_left_out() -> None:
    data = metric_input(names=lambda case: ("disc",) if case == "t0003" else ("disc", "ring"))
    assert METRIC.measure(data).parameters["structures"] == "disc"
    none = metric_input(names=lambda case: ("disc",) if case == "t0003" else ("ring",))
    assert "no structure" in str(METRIC.measure(none).reason)


@pytest.mark.usefixtures("hasty")
def test_it_says_why_it_cannot_be_measured() -> None:
    data = metric_input()
    assert data.synthetic is not None
    assert "grey64, not lite0" in str(METRIC.measure(replace(data, encoder="lite0")).reason)
    assert "10 synthetic" in str(METRIC.measure(replace(data, synthetic=data.synthetic.take(np.arange(10)))).reason)
    small = replace(data, synthetic=data.synthetic.take(np.arange(30)), train=data.synthetic.real.take(np.arange(30)))
    assert "synthetic images and 14 real ones of other patients" in str(METRIC.measure(small).reason)


@pytest.mark.usefixtures("hasty")
def test_where_all_training_patients_are_asked_half_of_them_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, segmentation.Outlined]] = []
    arms = segmentation.Trainer.arms
    monkeypatch.setattr(
        segmentation.Trainer, "arms", lambda self, parts, *a: seen.append(parts) or arms(self, parts, *a)
    )
    data = metric_input()
    assert data.synthetic is not None
    measured = METRIC.measure(replace(data, train=data.synthetic.real))
    assert measured.n_generated == 20 and measured.reason is None
    teacher, real = ({each.tobytes() for each in seen[0][part].pixels} for part in ("teacher", "real"))
    assert len(teacher) == len(real) == 20 and not teacher & real

"""Planted truth: what a synthetic training set is worth is known where we made it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_cohort import DIM, best_auroc, metric_input
from made_features import score

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.utility.utility_auroc import METRIC, PUBLISHED
from chexgenbench.utility import measure
from chexgenbench.utility.learners import ProbeLearner
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import estimate
from model_adapters.predictors import linear_probe


def noisy(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return features + 2.0 * rng.normal(size=features.shape)


def pair(data: MetricInput) -> Estimate:
    """Synthetic against real alone, without the other arms."""
    measured = measure.measure_arms(data, "auroc", ("tstr", "trtr"), replicates=200)
    return estimate("classification", measured.arrays, measured.parameters)


def relabelled(data: MetricInput, share: float, seed: int = 0) -> MetricInput:
    """The synthetic images keep their pixels and get the labels of other cases, with this probability."""
    assert data.synthetic is not None
    rng = np.random.default_rng(seed)
    images = data.synthetic.images
    other = rng.permutation(len(images))
    wrong = rng.random(len(images)) < share
    cases = tuple(
        replace(case, labels=images.cases[other[row]].labels) if wrong[row] else case
        for row, case in enumerate(images.cases)
    )
    return replace(data, synthetic=replace(data.synthetic, images=replace(images, cases=cases)))


def test_copies_of_the_real_images_are_worth_exactly_as_much() -> None:
    found = score(METRIC, metric_input())
    assert found.extra["tstr_minus_trtr"] == found.extra["tstr_minus_trtr_high"] == 0.0
    assert found.value == found.extra["trtr"] == found.extra["mixed"] > 0.9
    assert found.extra["tstr_50"] == found.extra["trtr_50"]


def test_images_that_show_nothing_of_their_labels_are_worth_nothing() -> None:
    """Shuffled labels: chance, and the paired difference shows it."""
    found = [pair(relabelled(metric_input(seed=seed, train=160, test=160), 1.0, seed)) for seed in range(12)]
    values = [each.value for each in found]
    assert abs(np.mean(values) - 0.5) < 3 * np.std(values, ddof=1) / np.sqrt(len(values)) + 0.01
    assert all(each.extra["tstr_minus_trtr_high"] < 0.0 for each in found)


def test_label_noise_costs_what_less_signal_costs() -> None:
    """A share s of labels from random cases leaves 1 - s of the covariance of images and labels.

    So a probe of many images is as good as without noise (its direction is the same), one of few loses: the loss must
    grow with the noise, and at 50 % lie between nothing and that of no signal.
    """
    data = metric_input(train=120, test=400, seed=3)
    losses = [-pair(relabelled(data, share)).extra["tstr_minus_trtr"] for share in (0.0, 0.3, 0.6, 1.0)]
    assert losses[0] == 0.0 and losses == sorted(losses)
    assert losses[1] > 0.005 and losses[3] > 0.3
    large = metric_input(train=2000, test=400, seed=3)
    assert -pair(relabelled(large, 0.3)).extra["tstr_minus_trtr"] < 0.5 * losses[1] + 0.01


@pytest.mark.parametrize("kept", [4, 12])
def test_what_the_generator_does_not_draw_costs_a_known_amount(kept: int) -> None:
    """A generator that leaves coordinates out: the loss is that of the best classifier on the others."""
    seen = np.arange(DIM) < kept
    data = metric_input(lambda features, rng: features * seen, train=1500, test=2400, signal=0.3, seed=5)
    found = pair(data)
    assert found.value == pytest.approx(best_auroc(0.3, seen), abs=0.02)
    assert found.extra["trtr"] == pytest.approx(best_auroc(0.3, np.ones(DIM, bool)), abs=0.02)
    lost = best_auroc(0.3, np.ones(DIM, bool)) - best_auroc(0.3, seen)
    assert lost > 0.03 and -found.extra["tstr_minus_trtr"] == pytest.approx(lost, abs=0.02)


def test_noise_in_the_images_costs_and_the_real_ones_make_up_for_it() -> None:
    found = score(METRIC, metric_input(noisy, train=200, test=400))
    assert found.extra["tstr_minus_trtr_high"] < 0.0
    assert found.value < found.extra["mixed"] < found.extra["trtr"] + 0.01
    assert found.extra["tstr_25"] < found.value


def test_trainings_are_kept_across_metrics_and_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fits: list[int] = []
    fit = linear_probe.fit_probe
    monkeypatch.setattr(linear_probe, "fit_probe", lambda *a, **k: fits.append(1) or fit(*a, **k))
    first = score(METRIC, metric_input(noisy, scratch=tmp_path))
    assert len(fits) == 8 * 3, "eight arms, three trainings"
    assert score(METRIC, metric_input(noisy, scratch=tmp_path)) == first and len(fits) == 24, "another process"
    sorted((tmp_path / "utility").iterdir())[0].write_bytes(b"torn")
    assert score(METRIC, metric_input(noisy, scratch=tmp_path)) == first and len(fits) == 25
    pair(metric_input(noisy, scratch=tmp_path, seed=1))
    assert len(fits) == 25 + 6, "other features are other trainings"
    pair(relabelled(metric_input(noisy, scratch=tmp_path), 0.5))
    assert len(fits) == 31 + 3, "other labels too; the real arm is known"


def test_equal_sets_are_trained_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fits: list[int] = []
    fit = linear_probe.fit_probe
    monkeypatch.setattr(linear_probe, "fit_probe", lambda *a, **k: fits.append(1) or fit(*a, **k))
    pair(metric_input())
    assert len(fits) == 3


def test_order_of_the_images_does_not_matter() -> None:
    data = metric_input(noisy)
    assert data.synthetic is not None
    turned, tested = np.random.default_rng(0).permutation(240), np.random.default_rng(1).permutation(240)
    moved = replace(data, synthetic=data.synthetic.take(turned), reference=data.reference.take(tested), shared={})
    one, other = score(METRIC, data), score(METRIC, moved)
    assert other.value == pytest.approx(one.value, abs=2e-4)
    assert other.extra["mixed"] == pytest.approx(one.extra["mixed"], abs=2e-4)


def test_a_private_split_stores_whole_scores_of_blocks_only() -> None:
    data = metric_input(noisy, test=1000, shared=False)
    measured = METRIC.measure(data)
    assert "truth" not in measured.arrays and "cluster" not in measured.arrays
    share = measured.arrays["share"]
    assert len(share) == 25 and min(share) * 1000 >= 40, "blocks of 20 patients, two images each"
    assert all(len(measured.arrays[arm]) == 26 for arm in ("tstr", "trtr", "mixed", "augmented"))
    closed = estimate(METRIC.estimator, measured.arrays, measured.parameters)
    opened = score(METRIC, metric_input(noisy, test=1000))
    assert closed.value == pytest.approx(opened.value, abs=1e-12)
    assert closed.se == pytest.approx(opened.se, rel=0.6)


def test_it_says_why_it_cannot_be_measured() -> None:
    data = metric_input()
    assert data.synthetic is not None
    assert "no features of enc" in str(METRIC.measure(replace(data, synthetic=None)).reason)
    few = replace(data, synthetic=data.synthetic.take(np.arange(10)), shared={})
    assert "10 synthetic training images" in str(METRIC.measure(few).reason)
    silent = replace(data.reference, cases=tuple(replace(case, labels={}) for case in data.reference.cases))
    assert "test cases have no labels" in str(METRIC.measure(replace(data, reference=silent, shared={})).reason)
    rare = replace(data, reference=data.reference.take(np.arange(12)), shared={})
    assert "10 positive" in str(METRIC.measure(rare).reason)


def test_without_weights_the_published_one_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert "timm/resnet50" in str(PUBLISHED.measure(metric_input(encoder="")).reason)


def test_the_published_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its labels, arms and seeds, with the quick probe in the place of the network."""
    monkeypatch.setattr(measure, "_learner", lambda data, recipe: ProbeLearner("enc", recipe.trainings))
    data = metric_input(noisy)
    measured = PUBLISHED.measure(data)
    assert measured.parameters["labels"] == "Edema|No Finding|Pneumonia", "classes with both kinds"
    assert measured.arrays["tstr"].shape == (1, 240, 3)
    found = estimate(PUBLISHED.estimator, measured.arrays, measured.parameters)
    assert found.low is None and "published" in str(found.interval_reason)
    private = PUBLISHED.measure(replace(data, share_reference=False, shared={}))
    closed = estimate(PUBLISHED.estimator, private.arrays, private.parameters)
    assert closed.value == pytest.approx(found.value, abs=1e-12) and closed.low is None
    assert private.arrays["tstr"].shape == (1, 1, 3)

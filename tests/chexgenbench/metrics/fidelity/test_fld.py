from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_features import score, side

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.fidelity.fld import METRIC, halves
from chexgenbench.mixture import Mixture
from leaderboards.statistics.estimate import Estimate

LOADINGS = np.random.default_rng(9).normal(size=(20, 60)) / np.sqrt(20)


def images(n: int, seed: int, spread: float = 1.0, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (spread * (rng.normal(size=(n, 20)) @ LOADINGS + 0.3 * rng.normal(size=(n, 60))) + shift).astype(np.float32)


TRAIN, TEST = images(400, 0), images(150, 1)


def data(generated: np.ndarray, private: bool = False) -> MetricInput:
    reference = side(TEST, prefix="r", source=None if private else "enc.reference")
    train = side(TRAIN, np.arange(400) // 2, prefix="t")
    return MetricInput(side(generated, prefix="g"), reference, "enc", 3, train=train, share_reference=not private)


def fld(generated: np.ndarray) -> Estimate:
    return score(METRIC, data(generated))


def test_real_images_score_nought_and_faults_score_above() -> None:
    real, shifted, wide = fld(images(200, 2)), fld(images(200, 3, shift=0.7)), fld(images(200, 4, spread=2.0))
    assert abs(real.value) < 3.0
    assert shifted.value > 8.0 and wide.value > 8.0
    assert real.low < real.value < real.high


def test_copies_of_training_images_are_found_by_value_and_gap() -> None:
    honest = fld(images(200, 5))
    copied = fld(TRAIN[::2] + 1e-3 * np.random.default_rng(6).normal(size=(200, 60)).astype(np.float32))
    assert abs(honest.extra["gap"]) < 10
    assert copied.value > 1000 and copied.extra["gap"] < -1000


def test_a_dimension_that_hardly_any_image_activates_does_not_decide_the_value() -> None:
    """By the training images' deviation alone the one test image lies 1,000 deviations out: the value is below -100."""
    made = data(images(200, 2))
    rare = [np.zeros((len(each), 1), np.float32) for each in (TRAIN, TEST)]
    rare[0][0], rare[1][0] = 0.02, 1.0
    parts = [np.hstack([each, extra]) for each, extra in zip((TRAIN, TEST), rare, strict=True)]
    fitted = replace(
        made,
        generated=replace(made.generated, features=np.hstack([images(200, 2), np.zeros((200, 1), np.float32)])),
        train=replace(made.train, features=parts[0]),
        reference=replace(made.reference, features=parts[1]),
    )
    assert abs(score(METRIC, fitted).value) < 5.0


def test_missing_modes_are_found() -> None:
    collapsed = np.repeat(images(5, 7), 40, axis=0) + 0.02 * images(200, 8)
    assert fld(collapsed).value > 10 + fld(images(200, 9)).value


def test_baseline_is_that_of_the_definition_and_the_same_for_every_generator() -> None:
    one, other = METRIC.measure(data(images(200, 2))), METRIC.measure(data(images(200, 3)))
    assert np.array_equal(one.arrays["baseline"], other.arrays["baseline"])
    assert one.parameters["dim"] == 60


def test_halves_share_no_patient() -> None:
    train = side(TRAIN, np.random.default_rng(0).integers(0, 90, 400))
    first, second = halves(train)
    assert not set(train.patients[first]) & set(train.patients[second])
    assert sorted([*first, *second]) == list(range(400)) and abs(len(first) - 200) < 12


def test_scale_and_offset_of_a_feature_do_not_matter() -> None:
    scale, offset = np.linspace(0.5, 20, 60, dtype=np.float32), np.linspace(-3, 9, 60, dtype=np.float32)
    base = data(images(200, 2))
    moved = MetricInput(
        *(side(s.features * scale + offset, prefix=p) for s, p in ((base.generated, "g"), (base.reference, "r"))),
        "enc",
        3,
        train=side(TRAIN * scale + offset, np.arange(400) // 2, prefix="t"),
    )
    assert score(METRIC, moved).value == pytest.approx(score(METRIC, base).value, abs=1e-3)


def test_private_reference_is_stored_in_blocks_and_no_train_is_a_reason() -> None:
    measured = METRIC.measure(data(images(200, 2), private=True))
    assert len(measured.arrays["baseline"]) == 7 and measured.arrays["size"].min() >= 20
    x = side(TEST)
    assert "training" in str(METRIC.measure(MetricInput(x, x, "enc", 0)).reason)


def gradient_fit(centres: np.ndarray, real: np.ndarray, steps: int = 50) -> Mixture:
    """Widths by Adam as the authors fit them: independent of the expectation-maximisation under test."""
    import torch

    c, x = torch.tensor(centres), torch.tensor(real)
    dim = c.shape[1]
    squared, base = torch.cdist(x, c) ** 2, 0.81 * ((x - x.mean(0)) ** 2).sum(1)
    width = ((squared.min(0).values + 1e-3) / dim).log().requires_grad_()
    base_width = torch.zeros((), dtype=x.dtype, requires_grad=True)
    optimiser = torch.optim.Adam([width, base_width], lr=0.5)
    for _ in range(steps):
        optimiser.zero_grad()
        parts = -0.5 * (squared / width.exp() + dim * width) - np.log(len(c))
        other = -0.5 * (base / base_width.exp() + dim * base_width)
        (-torch.logsumexp(torch.cat([parts, other[:, None]], 1), 1).mean() / dim).backward()
        optimiser.step()
    return Mixture(centres, width.detach().numpy())


@pytest.mark.parametrize(("spread", "shift"), [(1.0, 0.0), (1.2, 0.0), (1.0, 0.4), (0.7, 0.0)])
def test_close_to_the_authors_way_of_fitting(spread: float, shift: float) -> None:
    deviation = TRAIN.std(0).astype(float)
    train, test = TRAIN / deviation, TEST / deviation
    generated = images(200, 2, spread, shift) / deviation
    first, second = halves(side(TRAIN, np.arange(400) // 2, prefix="t"))

    def value(fit: object) -> float:
        density, baseline = fit(generated, train), fit(train[first], train[second])
        return 100 * float((baseline.log_density(test) - density.log_density(test)).mean()) / 60

    assert value(Mixture.fit) == pytest.approx(value(gradient_fit), abs=3.0)

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.recognised import recognised

LEVEL = 0.5


def arrays(hits: int, n: int, controls: int | None = None, m: int = 0, spread: float = 0.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    found = {
        "scores": np.repeat([0.9, 0.1], [hits, n - hits]),
        "cluster": np.arange(n),
        "threshold": np.array([LEVEL]),
        "thresholds": LEVEL + spread * rng.normal(size=200),
    }
    if controls is not None:
        found |= {"controls_scores": np.repeat([0.9, 0.1], [controls, m - controls]), "controls_cluster": np.arange(m)}
    return found


def test_closed_form() -> None:
    found = recognised(arrays(12, 60, 3, 60), seed=0)
    assert found.value == pytest.approx(0.15)
    assert found.extra["rate"] == pytest.approx(0.2) and found.extra["controls"] == pytest.approx(0.05)
    rate = recognised(arrays(12, 60, 3, 60), seed=0, value="rate")
    assert rate.value == pytest.approx(0.2)


def test_the_interval_of_a_rate_is_jeffreys() -> None:
    from scipy.stats import beta

    found = recognised(arrays(12, 60), seed=0, value="rate")
    assert (found.low, found.high) == pytest.approx(tuple(beta.ppf([0.025, 0.975], 12.5, 48.5)), abs=0.01)


def test_an_uncertain_threshold_widens_it() -> None:
    scores = np.linspace(0, 1, 200)
    base = {"scores": scores, "cluster": np.arange(200), "threshold": np.array([0.9])}
    sure, unsure = (
        recognised(base | {"thresholds": 0.9 + s * np.random.default_rng(0).normal(size=200)}, seed=0, value="rate")
        for s in (0.0, 0.1)
    )
    assert unsure.high - unsure.low > 1.5 * (sure.high - sure.low)  # type: ignore[operator]
    assert unsure.extra["threshold_low"] < 0.75 < sure.extra["threshold_low"]


def test_draws_of_one_patient_count_once() -> None:
    data = arrays(40, 200)
    together = recognised(data | {"cluster": np.repeat(np.arange(50), 4)}, seed=0, value="rate")
    alone = recognised(data, seed=0, value="rate")
    assert together.high - together.low == pytest.approx(2 * (alone.high - alone.low), rel=0.15)  # type: ignore[operator]


def test_intervals_of_an_excess_cover() -> None:
    rng, covered = np.random.default_rng(1), 0
    for run in range(200):
        hits, controls = rng.binomial(60, 0.25), rng.binomial(60, 0.07)
        found = recognised(arrays(hits, 60, controls, 60), seed=run)
        covered += found.low <= 0.18 <= found.high  # type: ignore[operator]
    assert covered / 200 >= 0.91


def test_what_was_recorded_is_repeated() -> None:
    extra = recognised(arrays(3, 60), seed=0, value="rate", auroc=0.87, similarity="cosine", draws=4).extra
    assert extra["auroc"] == 0.87 and "similarity" not in extra and "draws" not in extra
    assert extra["average"] == pytest.approx((3 * 0.9 + 57 * 0.1) / 60) and extra["maximum"] == 0.9


def test_undefined_and_malformed() -> None:
    assert "held-out" in (recognised(arrays(3, 60), seed=0).reason or "")
    assert recognised(arrays(0, 0), seed=0, value="rate").value is None
    few = recognised(arrays(1, 4), seed=0, value="rate")
    assert few.value == 0.25 and few.low is None and "4 patients" in (few.interval_reason or "")
    with pytest.raises(ValueError, match="scores"):
        recognised(arrays(3, 60) | {"cluster": np.arange(5)}, seed=0)

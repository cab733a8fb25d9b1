from __future__ import annotations

import math

import numpy as np
import pytest

from leaderboards.statistics.frechet import frechet
from leaderboards.statistics.registry import estimate

DIM = 6


def arrays(n: int, shift: float, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    block = np.arange(n) % 50
    return {
        "generated": (rng.normal(size=(n, DIM)) + shift).astype(np.float32),
        "reference": rng.normal(size=(n, DIM)).astype(np.float32),
        "generated_block": block,
        "reference_block": block,
        "column": np.arange(DIM),
        "centre": np.zeros(DIM),
        "scale": np.ones(DIM),
    }


def test_it_is_the_logarithm_of_the_distance_and_of_its_interval() -> None:
    given = arrays(400, 0.8)
    plain = frechet({name: each for name, each in given.items() if name.startswith(("gen", "ref"))})
    found = estimate("log_frechet", given)
    assert found.value == pytest.approx(math.log(plain.value), abs=1e-6)  # type: ignore[arg-type]
    assert found.low == pytest.approx(math.log(plain.low), abs=1e-5)  # type: ignore[arg-type]
    assert found.high == pytest.approx(math.log(plain.high), abs=1e-5)  # type: ignore[arg-type]
    assert found.extra["distance"] == pytest.approx(plain.value, rel=1e-6)


def test_units_of_the_features_do_not_matter_once_standardised() -> None:
    given = arrays(200, 0.5)
    unit = np.array([1e-3, 1.0, 1e5, 7.0, 0.2, 30.0])
    moved = {
        **given,
        "generated": (given["generated"] * unit + unit).astype(np.float32),
        "reference": (given["reference"] * unit + unit).astype(np.float32),
        "centre": unit,
        "scale": unit,
    }
    assert estimate("log_frechet", moved).value == pytest.approx(estimate("log_frechet", given).value, abs=1e-4)


def test_columns_are_chosen() -> None:
    given = arrays(200, 0.5)
    given["generated"][:, 0] += 100
    kept = {**given, "column": np.arange(1, DIM), "centre": np.zeros(DIM - 1), "scale": np.ones(DIM - 1)}
    assert estimate("log_frechet", kept).value < 2 < estimate("log_frechet", given).value  # type: ignore[operator]


def test_equal_populations_have_no_lower_end_and_say_so() -> None:
    found = estimate("log_frechet", arrays(400, 0.0))
    assert found.value is not None and found.low is None and "may be 0" in str(found.interval_reason)


def test_interval_covers_the_populations_distance() -> None:
    """Shift 0.8 in each of 6 dimensions, covariances alike: log(6 * 0.64). 60 draws at 95 %: at most 8 misses."""
    truth = math.log(DIM * 0.8**2)
    found = [estimate("log_frechet", arrays(300, 0.8, seed)) for seed in range(60)]
    misses = sum(not each.low <= truth <= each.high for each in found)  # type: ignore[operator]
    assert misses <= 8
    assert sum(each.value > truth for each in found) > 30, "the plain value is biased upward"


def test_the_projection_is_reported_beside() -> None:
    given = arrays(400, 0.8)
    part = {f"projected_{name}": given[name][:, :2] for name in ("generated", "reference")}
    part |= {f"projected_{name}_block": given[f"{name}_block"] for name in ("generated", "reference")}
    found = estimate("log_frechet", {**given, **part})
    assert found.extra["projected_low"] < found.extra["projected"] < found.extra["projected_high"]
    assert found.extra["projected_low"] < math.log(2 * 0.64) < found.extra["projected_high"]
    assert found.extra["projected"] < found.value  # type: ignore[operator]


def test_the_same_images_twice_have_no_logarithm() -> None:
    given = arrays(60, 0.0)
    found = estimate("log_frechet", {**given, "generated": given["reference"]})
    assert found.value is None and "no logarithm" in str(found.reason)


def test_scales_must_fit() -> None:
    with pytest.raises(ValueError, match="scales"):
        estimate("log_frechet", {**arrays(60, 0.0), "scale": np.zeros(DIM)})

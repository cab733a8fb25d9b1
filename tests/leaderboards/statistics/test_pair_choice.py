"""Right prompt of two: closed forms, agreement with a jackknife by brute force, coverage."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.registry import estimate


def sums(h: np.ndarray, eligible: np.ndarray, unit: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays from a symmetric table of choices."""
    units = int(unit.max()) + 1
    total = np.array([np.triu(h * eligible).sum()]), np.array([np.triu(eligible).sum()], float)
    removed = np.zeros((units, 2))
    for each in range(units):
        touched = (unit[:, None] == each) | (unit[None] == each)
        removed[each] = np.triu(h * eligible * touched).sum(), np.triu(eligible & touched).sum()
    return {
        "total_sum": total[0],
        "total_count": total[1],
        "removed_sum": removed[:, 0],
        "removed_count": removed[:, 1],
    }


def drawn(n: int, seed: int, strength: float = 0.0) -> dict[str, np.ndarray]:
    """Images and prompts on a line; the right choice is the concordant one. Two images a patient."""
    rng = np.random.default_rng(seed)
    unit = np.arange(n) // 2
    prompt = rng.normal(size=n // 2)[unit] + 0.3 * rng.normal(size=n)
    image = strength * prompt + rng.normal(size=n // 2)[unit] + 0.3 * rng.normal(size=n)
    gain = (image[:, None] - image[None]) * (prompt[:, None] - prompt[None])
    return sums((gain > 0).astype(float), unit[:, None] != unit[None], unit)


def test_jackknife_by_deleting_patients_one_by_one() -> None:
    from scipy.stats import t

    data = drawn(40, 1, 1.0)
    found = estimate("pair_choice", data)
    whole = data["total_sum"][0] / data["total_count"][0]
    deleted = [
        (data["total_sum"][0] - s) / (data["total_count"][0] - c)
        for s, c in zip(data["removed_sum"], data["removed_count"], strict=True)
    ]
    se = np.sqrt(19 / 20 * ((np.array(deleted) - whole) ** 2).sum())
    assert found.value == pytest.approx(whole)
    assert found.se == pytest.approx(se)
    assert found.high == pytest.approx(min(1, whole + t.ppf(0.975, 19) * se))
    assert found.extra == {"pairs": data["total_count"][0], "units": 20.0}


def test_coverage_of_one_half_without_any_relation() -> None:
    """400 data sets of 30 patients with two images: the interval holds 0.5 in about 95 %."""
    hits = 0
    for seed in range(400):
        found = estimate("pair_choice", drawn(60, seed))
        hits += found.low <= 0.5 <= found.high
    assert 0.92 <= hits / 400 <= 0.985


def test_all_right_all_tied_none_eligible() -> None:
    unit = np.arange(30)
    off = ~np.eye(30, dtype=bool)
    right = estimate("pair_choice", sums(np.ones((30, 30)), off, unit))
    assert (right.value, right.high) == (1.0, 1.0)
    assert 0.85 < right.low < 0.9
    tied = estimate("pair_choice", sums(np.full((30, 30), 0.5), off, unit))
    assert (tied.value, tied.low, tied.interval_reason) == (0.5, None, "every patient has the same value")
    none = estimate("pair_choice", sums(np.ones((30, 30)), ~off & off, unit))
    assert none.value is None
    assert "different findings" in str(none.reason)


def test_few_patients_give_a_value_without_interval() -> None:
    found = estimate("pair_choice", drawn(12, 0))
    assert found.value is not None
    assert "6 patients" in str(found.interval_reason)


def test_shapes_must_fit() -> None:
    data = drawn(40, 1)
    with pytest.raises(ValueError, match="removed sums"):
        estimate("pair_choice", {**data, "removed_count": data["removed_count"][:-1]})

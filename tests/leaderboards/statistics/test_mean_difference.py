from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.mean_difference import clustered_moments, mean_difference


def arrays(rng: np.random.Generator, patients: tuple[int, int], each: int, shift: float) -> dict[str, np.ndarray]:
    found = {}
    for prefix, count, mean in (("", patients[0], shift), ("other_", patients[1], 0.0)):
        of = np.repeat(np.arange(count), each)
        found[f"{prefix}values"] = mean + rng.normal(size=count)[of] + 0.3 * rng.normal(size=len(of))
        found[f"{prefix}cluster"] = of
    return found


def test_one_image_a_patient_is_the_textbook_variance() -> None:
    values = np.random.default_rng(0).normal(size=40)
    moments = clustered_moments(values, np.arange(40))
    assert moments.mean == pytest.approx(values.mean()) and moments.variance == pytest.approx(values.var(ddof=1) / 40)


def test_block_means_give_the_same_value_as_images() -> None:
    data = arrays(np.random.default_rng(1), (60, 60), 2, 0.0)
    block = data["cluster"] // 10
    size = np.bincount(block)
    blocked = data | {"values": np.bincount(block, data["values"]) / size, "cluster": np.arange(6), "size": size}
    whole, coarse = mean_difference(data, scale=3.0), mean_difference(blocked, scale=3.0)
    assert coarse.value == pytest.approx(whole.value) and coarse.low < coarse.value < coarse.high


def test_intervals_cover_with_several_images_a_patient() -> None:
    rng = np.random.default_rng(2)
    found = [mean_difference(arrays(rng, (40, 60), 4, 0.5)) for _ in range(400)]
    assert 0.92 <= np.mean([each.low <= 0.5 <= each.high for each in found]) <= 0.98


def test_few_patients_have_no_interval_and_none_no_value() -> None:
    few = mean_difference(arrays(np.random.default_rng(3), (3, 30), 4, 0.5))
    assert few.value is not None and few.low is None and "3 patients" in str(few.interval_reason)
    assert mean_difference({"values": np.zeros(2), "cluster": np.arange(2)}).value is None
    with pytest.raises(ValueError, match="clusters"):
        clustered_moments(np.zeros(3), np.arange(2))

"""The published sharded FID against a transcription of what the published scripts do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_features import both, score, side
from torchmetrics.image.fid import FrechetInceptionDistance

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.fidelity import fid, fid_sharded
from chexgenbench.metrics.registry import find


class Identity(torch.nn.Module):
    num_features = 12

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features


def draw(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 12)).astype(np.float32)


def as_published(generated: np.ndarray, reference: np.ndarray) -> float:
    """One torchmetrics run a shard, each on its quarter of both tables; then the mean of the four numbers."""
    results = []
    for shard in range(4):
        metric = FrechetInceptionDistance(feature=Identity())
        metric.set_dtype(torch.float64)
        for rows, real in ((reference, True), (generated, False)):
            size = len(rows) // 4
            metric.update(torch.from_numpy(rows[shard * size : (shard + 1) * size]), real=real)
        results.append(metric.compute().item())
    return sum(results) / len(results)


def test_it_is_the_mean_over_four_quarters() -> None:
    x, y = draw(0, 400), draw(1, 320)
    assert score(fid_sharded.PUBLISHED, both(x, y)).value == pytest.approx(as_published(x, y), rel=1e-6)


def test_it_lies_well_above_the_distance_of_the_whole_and_depends_on_order() -> None:
    x, y = draw(2, 400), draw(3, 400)
    sharded = score(fid_sharded.PUBLISHED, both(x, y)).value
    assert sharded > 3 * score(fid.PUBLISHED, both(x, y)).value  # type: ignore[operator]
    reordered = score(fid_sharded.PUBLISHED, both(np.random.default_rng(0).permutation(x), y)).value
    assert reordered != pytest.approx(sharded, rel=1e-3)


@pytest.mark.parametrize("count", [8, 10, 401])
def test_shards_are_runs_of_rows_that_leave_none_out(count: int) -> None:
    shards = fid_sharded.shards_of(count)
    assert (np.diff(shards) >= 0).all()
    sizes = np.bincount(shards, minlength=4)
    assert sizes.sum() == count and sizes.max() - sizes.min() <= 1


def test_it_exists_in_v1_alone() -> None:
    assert find("fid_sharded", "v2") is None
    assert find("fid_sharded", "v1") is fid_sharded.PUBLISHED
    assert not fid_sharded.PUBLISHED.per_group


def test_private_shards_hold_twenty_patients() -> None:
    def data(count: int) -> MetricInput:
        reference = side(draw(5, count), prefix="r", source=None)
        return MetricInput(side(draw(4, 400), prefix="g"), reference, "enc", 7, share_reference=False)

    assert "19 credentialed patients" in str(fid_sharded.PUBLISHED.measure(data(79)).reason)
    arrays = fid_sharded.PUBLISHED.measure(data(80)).arrays
    np.testing.assert_array_equal(np.asarray(arrays["reference_count"]), [20] * 4)
    expected = score(fid_sharded.PUBLISHED, both(draw(4, 400), draw(5, 80))).value
    assert score(fid_sharded.PUBLISHED, data(80)).value == pytest.approx(expected, rel=1e-9)

"""fid against torchmetrics, the population value, planted effects; and what it may store of a credentialed split."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_features import both, resolved, score, side
from torchmetrics.image.fid import FrechetInceptionDistance

from chexgenbench.metrics.base import MetricInput, StoredRows
from chexgenbench.metrics.fidelity.fid import METRIC, PUBLISHED
from chexgenbench.metrics.registry import find

SPECTRUM = 1 / np.sqrt(np.arange(1, 33))


def draw(seed: int, count: int = 600, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, 32)) * SPECTRUM * scale + 1 + shift * SPECTRUM).astype(np.float32)


class Identity(torch.nn.Module):
    num_features = 32

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features


@pytest.mark.parametrize("metric", [METRIC, PUBLISHED])
def test_value_is_that_of_torchmetrics(metric: object) -> None:
    x, y = draw(0, 300, 0.3), draw(1, 200)
    theirs = FrechetInceptionDistance(feature=Identity())
    theirs.set_dtype(torch.float64)
    theirs.update(torch.from_numpy(x), real=False)
    theirs.update(torch.from_numpy(y), real=True)
    assert score(metric, both(x, y)).value == pytest.approx(theirs.compute().item(), rel=1e-6)  # type: ignore[arg-type]


def test_interval_holds_the_population_value_and_not_the_plain_one() -> None:
    """N(m, S) against N(m + 0.3 sqrt S, 1.44 S): 0.09 tr S + 0.2^2 tr S."""
    population = (0.3**2 + 0.2**2) * (SPECTRUM**2).sum()
    result = score(METRIC, both(draw(2, shift=0.3, scale=1.2), draw(3)))
    assert result.low is not None and result.high is not None and result.value is not None
    assert result.low < population < result.high
    assert abs(result.extra["bias_corrected"] - population) < abs(result.value - population)
    assert result.extra["infinity"] == pytest.approx(result.extra["bias_corrected"], abs=2 * (result.se or 0))


def test_planted_effects_move_it_up_in_order() -> None:
    reference = draw(4)
    floor = score(METRIC, both(draw(5), reference)).value
    slight, strong = (score(METRIC, both(draw(5, shift=s), reference)).value for s in (0.2, 0.6))
    collapsed = score(METRIC, both(np.repeat(draw(5, 6), 100, axis=0), reference)).value
    noisy = draw(5) + np.random.default_rng(6).normal(size=(600, 32)).astype(np.float32)
    assert floor < slight < strong  # type: ignore[operator]
    assert collapsed > 10 * floor and score(METRIC, both(noisy, reference)).value > 10 * floor  # type: ignore[operator]


def test_too_few_images_leave_a_value_with_the_reason() -> None:
    result = score(METRIC, both(draw(7, 40), draw(8, 90)))
    assert result.value is not None
    assert result.interval_reason == "32 dimensions need 48 images for an interval; 40 are generated"


def test_published_variant_gives_the_plain_value_alone() -> None:
    data = both(draw(9), draw(10))
    published = score(PUBLISHED, data)
    assert published.value == score(METRIC, data).value
    assert published.low is None and not published.extra and PUBLISHED.quirks
    assert find("fid", "v1") is PUBLISHED and find("fid", "v2") is METRIC


def test_open_features_are_stored_once_and_blocks_pair_patients() -> None:
    patients = np.repeat(np.arange(150), 2)
    data = MetricInput(
        side(draw(11, 300), patients, "enc.generated"), side(draw(12, 300), patients, "enc.reference"), "enc", 7
    )
    arrays = METRIC.measure(data).arrays
    assert {name for name, array in arrays.items() if isinstance(array, StoredRows)} == {"generated", "reference"}
    np.testing.assert_array_equal(arrays["generated_block"], arrays["reference_block"])  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [600, 45])
def test_credentialed_reference_leaves_moments_of_twenty_patients_only(count: int) -> None:
    patients = np.repeat(np.arange(count // 3), 3)
    sides = [side(draw(seed, count), patients, source) for seed, source in ((13, "enc.generated"), (14, None))]
    shared = MetricInput(sides[0], sides[1], "enc", 7)
    private = MetricInput(sides[0], sides[1], "enc", 7, share_reference=False)
    measured = METRIC.measure(private)
    if count == 45:
        assert "15 credentialed patients" in str(measured.reason)
        return
    arrays = resolved(measured, private)
    assert not {"reference", "reference_block"} & arrays.keys()
    assert arrays["reference_count"].min() >= 20 * 3
    assert score(METRIC, private).value == pytest.approx(score(METRIC, shared).value, rel=1e-9)
    assert score(METRIC, private).se == pytest.approx(score(METRIC, shared).se, rel=0.5)


def test_floor_of_a_credentialed_split_keeps_both_sides_private() -> None:
    floor, reference = side(draw(15), prefix="f", source=None), side(draw(16), prefix="r", source=None)
    private = MetricInput(floor, reference, "enc", 7, share_reference=False)
    arrays = METRIC.measure(private).arrays
    assert {name.partition("_")[2] for name in arrays} == {"count", "sum", "outer"}
    assert min(int(np.asarray(arrays[f"{name}_count"]).min()) for name in ("generated", "reference")) >= 20
    shared = MetricInput(floor, reference, "enc", 7)
    assert score(METRIC, private).value == pytest.approx(score(METRIC, shared).value, rel=1e-9)


def test_hopeless_moments_take_one_block() -> None:
    generated = side(draw(17, 40), source="enc.generated")
    private = MetricInput(generated, side(draw(18, 600), prefix="r", source=None), "enc", 7, share_reference=False)
    assert np.asarray(METRIC.measure(private).arrays["reference_outer"]).shape == (1, 32, 32)
    assert score(METRIC, private).value is not None

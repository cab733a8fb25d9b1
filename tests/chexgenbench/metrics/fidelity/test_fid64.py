"""fid64: fid of projected features, with an interval where fid has none."""

from __future__ import annotations

import numpy as np
import pytest
from made_features import score, side
from scipy.linalg import sqrtm

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.fidelity import fid, fid64
from chexgenbench.projection import Projection

WIDTH = 200


def draw(seed: int, count: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(WIDTH, WIDTH)) / np.arange(1, WIDTH + 1)[:, None]
    return (rng.normal(size=(count, WIDTH)) @ mixing + shift * mixing[0] + 1).astype(np.float32)


def comparison(generated: np.ndarray, reference: np.ndarray, **more: object) -> MetricInput:
    train = side(draw(50, 300), prefix="t")
    projection = Projection.fit(train.features)
    return MetricInput(
        side(generated, prefix="g"),
        side(reference, prefix="r"),
        "enc",
        7,
        train=train,
        projection=projection,
        **more,  # type: ignore[arg-type]
    )


def test_value_is_the_textbook_formula_on_projected_features() -> None:
    data = comparison(draw(0, 150, 0.5), draw(1, 140))
    assert data.projection is not None
    x, y = (data.projection.apply(each.features).astype(np.float64) for each in (data.generated, data.reference))
    cov_x, cov_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    wanted = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(cov_x + cov_y - 2 * sqrtm(cov_x @ cov_y).real)
    assert score(fid64.METRIC, data).value == pytest.approx(wanted, rel=1e-8)


def test_it_has_an_interval_where_the_full_distance_has_none() -> None:
    data = comparison(draw(2, 183, 0.5), draw(3, 183))
    whole, projected = score(fid.METRIC, data), score(fid64.METRIC, data)
    assert whole.low is None and projected.low is not None
    assert projected.value < whole.value  # type: ignore[operator]


def test_real_against_real_is_zero_within_its_interval_and_a_shift_is_not() -> None:
    same, shifted = (score(fid64.METRIC, comparison(draw(4, 200, s), draw(5, 200))) for s in (0.0, 1.0))
    assert same.low < 0 < same.high < same.value  # type: ignore[operator]
    assert shifted.low > 0  # type: ignore[operator]


def test_private_reference_leaves_projected_moments() -> None:
    data = comparison(draw(6, 200), draw(7, 200), share_reference=False)
    arrays = fid64.METRIC.measure(data).arrays
    assert np.asarray(arrays["reference_outer"]).shape == (10, 64, 64)
    assert np.asarray(arrays["generated"]).shape == (200, 64)
    open_split = comparison(draw(6, 200), draw(7, 200))
    assert score(fid64.METRIC, data).value == pytest.approx(score(fid64.METRIC, open_split).value, rel=1e-9)


def test_without_enough_training_images_it_says_so() -> None:
    data = comparison(draw(8, 50), draw(9, 50))
    none = MetricInput(data.generated, data.reference, "enc", 7)
    assert "no training images" in str(fid64.METRIC.measure(none).reason)
    few = MetricInput(data.generated, data.reference, "enc", 7, projection=Projection.fit(draw(50, 30)))
    assert "span 29 directions; 64 are needed" in str(fid64.METRIC.measure(few).reason)
    assert fid64.METRIC.full_name("lite0") == "fid64_lite0"

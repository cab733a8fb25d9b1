"""frd: the textbook formula on standardised features; noise and blur planted in phantoms are seen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from made_features import both, score, side
from scipy.linalg import sqrtm

from chexgenbench.metrics.fidelity.frd import METRIC, PUBLISHED

WIDTH = 80
UNIT = 10.0 ** np.linspace(-3, 6, WIDTH)


def draw(seed: int, count: int, shift: float = 0.0) -> np.ndarray:
    """Features of very different units, as radiomics have."""
    rng = np.random.default_rng(seed)
    return ((rng.normal(size=(count, WIDTH)) + 3 + shift) * UNIT).astype(np.float32)


def test_value_is_the_log_of_the_textbook_formula_on_standardised_features() -> None:
    data = both(draw(0, 150, 0.4), draw(1, 140))
    real = data.reference.features.astype(np.float64)
    x, y = (
        (each.features.astype(np.float64) - real.mean(0)) / real.std(0) for each in (data.generated, data.reference)
    )
    cov_x, cov_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    wanted = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(cov_x + cov_y - 2 * sqrtm(cov_x @ cov_y).real)
    assert score(METRIC, data).value == pytest.approx(math.log(wanted), abs=1e-5)


def test_constant_columns_are_left_out() -> None:
    one, other = draw(2, 100), draw(3, 100)
    with_constant = [np.column_stack([each, np.full(100, 16384.0, np.float32)]) for each in (one, other)]
    with_constant[0][0, -1] += 5
    found = score(METRIC, both(*with_constant))
    assert found.value == score(METRIC, both(one, other)).value and found.extra["dimensions"] == WIDTH
    flat = both(one, np.ones((50, WIDTH), np.float32))
    assert "same features" in str(METRIC.measure(flat).reason)


def test_where_the_whole_has_no_interval_the_projection_has_one() -> None:
    train = side(draw(4, 200), prefix="t")
    found = score(METRIC, both(draw(5, 110, 0.5), draw(6, 110), train=train))
    assert found.low is None and "120 images" in str(found.interval_reason)
    assert found.extra["projected_low"] < found.extra["projected_high"] < found.value  # type: ignore[operator]
    assert "projected" not in score(METRIC, both(draw(5, 110, 0.5), draw(6, 110))).extra


def test_enough_images_have_an_interval_of_their_own() -> None:
    found = score(METRIC, both(draw(7, 300, 0.5), draw(8, 300)))
    assert found.low is not None and found.low < math.log(WIDTH * 0.25) < found.high  # type: ignore[operator]


def test_a_private_reference_leaves_moments_and_gives_the_same_value() -> None:
    train = side(draw(9, 200), prefix="t")
    data = both(draw(10, 150, 0.5), draw(11, 150), train=train)
    closed = replace(data, share_reference=False)
    arrays = METRIC.measure(closed).arrays
    assert "reference" not in arrays and "projected_reference" not in arrays
    assert len(np.asarray(arrays["reference_count"])) * 20 <= 150
    one, other = score(METRIC, data), score(METRIC, closed)
    assert other.value == pytest.approx(one.value, abs=1e-5)
    assert other.extra["projected"] == pytest.approx(one.extra["projected"], abs=1e-5)


def test_the_published_one_compares_sets_of_equal_size_and_has_no_interval() -> None:
    data = both(draw(12, 300, 0.5), draw(13, 260))
    measured = PUBLISHED.measure(data)
    assert measured.n_generated == measured.n_reference == 260
    found = score(PUBLISHED, data)
    assert found.low is None and math.log(WIDTH * 0.25) < found.value < math.log(WIDTH * 0.5)  # type: ignore[operator]
    equal = both(draw(12, 260, 0.5), draw(13, 260))
    assert score(PUBLISHED, equal).value == score(METRIC, equal).value


def test_noise_and_blur_in_phantoms_are_exposed_and_other_phantoms_pass() -> None:
    from scipy.ndimage import gaussian_filter

    from data_splits.sources.phantom import load
    from model_adapters.encoders.radiomics import Radiomics, features_of

    split = load(train=24, test=24, size=128)
    encoder, rng = Radiomics(), np.random.default_rng(0)
    real = [encoder.preprocess(split.read_image(case))[0] for case in split.cases("test")[:20]]
    other = [encoder.preprocess(split.read_image(case))[0] for case in split.cases("train")[:20]]
    kinds = {
        "real": other,
        "noisy": [image + rng.normal(0, 6, image.shape) for image in other],
        "blurred": [gaussian_filter(image, 1.0) for image in other],
    }
    reference = np.stack([features_of(image) for image in real])
    found = {
        name: score(METRIC, both(np.stack([features_of(image) for image in images]), reference)).value
        for name, images in kinds.items()
    }
    assert found["noisy"] > found["real"] + 1.0 and found["blurred"] > found["real"] + 1.0, found

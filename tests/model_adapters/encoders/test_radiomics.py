from __future__ import annotations

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.check import check_encoder
from model_adapters.encoders import ENCODERS
from model_adapters.encoders.radiomics import feature_names, features_of
from model_adapters.protocols import BuildContext
from tests.model_adapters.encoders.tiny import encode_all, random_image

encoder = ENCODERS.build("radiomics", BuildContext())
NAMES = feature_names()


def feature(image: np.ndarray, name: str) -> float:
    return float(features_of(image)[NAMES.index(name)])


def test_passes_the_checks_of_an_adapter() -> None:
    checks = check_encoder(encoder, [random_image(seed) for seed in range(3)])
    assert not [check for check in checks if check.passed is False]


def test_every_number_has_a_name_of_its_own() -> None:
    assert len(NAMES) == len(set(NAMES)) == encoder.dim == 9 * (15 + 22 + 16 + 16 + 5) - 2


def test_brightness_and_contrast_do_not_matter() -> None:
    """Normalisation: what a linear change of grey levels leaves, up to a pixel on the edge of a bin."""
    image = random_image(0, 128, 128).astype(np.float64)
    one, other = features_of(image), features_of(0.5 * image + 40)
    assert np.median(np.abs(one - other) / (np.abs(one) + 1e-9)) < 1e-6


def test_turning_the_image_by_a_right_angle_leaves_what_has_no_direction() -> None:
    """Directions are averaged, so textures of the image are the same; the bands LH and HL change places."""
    from scipy.ndimage import gaussian_filter

    image = gaussian_filter(np.random.default_rng(1).normal(size=(128, 128)), (3, 1), mode="wrap")
    one, turned = features_of(image), features_of(np.ascontiguousarray(image.T))
    kept = [row for row, name in enumerate(NAMES) if name.startswith(("original/", "log", "LL/", "HH/"))]
    np.testing.assert_allclose(one[kept], turned[kept], rtol=1e-3, atol=1e-4)
    swapped = [NAMES.index(name.replace("LH/", "HL/")) for name in NAMES if name.startswith("LH/")]
    here = [row for row, name in enumerate(NAMES) if name.startswith("LH/")]
    np.testing.assert_allclose(one[here], turned[swapped], rtol=1e-3, atol=1e-4)
    assert abs(one[here[0]] - turned[here[0]]) > 0.05, "the image has a direction"


def test_smoothing_lowers_contrast_of_neighbours_and_lengthens_runs() -> None:
    from scipy.ndimage import gaussian_filter

    rough = np.random.default_rng(2).normal(size=(128, 128))
    smooth = gaussian_filter(rough, 3)
    for name in ("original/glcm/contrast", "HH/first_order/variance"):
        assert feature(smooth, name) < 0.2 * feature(rough, name)
    name = "original/glrlm/large_emphasis"
    assert feature(smooth, name) > 1.1 * feature(rough, name)


def test_a_flat_image_has_finite_features() -> None:
    for grey in (0, 255, 77):
        found = encode_all(encoder, [np.full((200, 150), grey, np.uint8)])
        assert np.isfinite(found).all()
    assert feature(np.full((128, 128), 77.0), "original/first_order/entropy") == 0.0


def test_another_dtype_and_another_batch_are_refused() -> None:
    with pytest.raises(UserError, match="float32"):
        ENCODERS.build("radiomics", BuildContext(dtype="float16"))
    with pytest.raises(ValueError, match="radiomics encodes"):
        encoder.encode(np.zeros((1, 3, 128, 128), np.float32))

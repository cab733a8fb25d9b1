import numpy as np

from model_adapters.check import check_encoder
from model_adapters.protocols import BuildContext
from model_adapters.scaffold.templates import encoder as my_adapter

IMAGES = [np.random.default_rng(seed).integers(0, 256, (80, 96), dtype=np.uint8) for seed in range(3)]


def features(*images: np.ndarray) -> np.ndarray:
    encoder = my_adapter.build(BuildContext())
    batch = np.stack([encoder.preprocess(images[index % len(images)]) for index in range(encoder.compute_batch)])
    return encoder.encode(batch)[: len(images)]


def test_keeps_the_contract() -> None:
    checks = check_encoder(my_adapter.build(BuildContext()), IMAGES)
    assert len(checks) == 9 and not [check for check in checks if check.passed is False]


def test_a_plain_image_has_its_brightness_and_no_contrast() -> None:
    (feature,) = features(np.full((64, 64), 51, np.uint8))
    np.testing.assert_allclose(feature[:64], 0.2, atol=1e-6)
    np.testing.assert_allclose(feature[64:], 0.0, atol=1e-6)


def test_a_bright_quarter_is_found_in_its_tiles() -> None:
    image = np.zeros((64, 64), np.uint8)
    image[:32, 32:] = 255
    means = features(image)[0][:64].reshape(8, 8)
    assert means[:4, 5:].min() > 0.9 and means[5:].max() == 0.0 and means[:, :3].max() == 0.0

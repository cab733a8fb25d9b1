from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.encoders import ENCODERS
from model_adapters.protocols import BuildContext, Encoder
from tests.model_adapters.encoders.tiny import assert_neighbours_do_not_matter, encode_all, random_image

MakeFolder = Callable[..., Path]


@pytest.fixture(scope="module")
def folder(tiny_dinov2: MakeFolder) -> Path:
    return tiny_dinov2("dino")


def build(folder: Path, protocol: str = "v2") -> Encoder:
    return ENCODERS.build("dinov2", BuildContext(weights=folder, protocol=protocol))


def test_neighbours_position_and_threads_do_not_matter(folder: Path) -> None:
    assert_neighbours_do_not_matter(build(folder), [random_image(seed) for seed in range(8)])


def test_v2_sees_the_margins_that_v1_crops_away(folder: Path) -> None:
    """A square image with a frame of 1/32 of its side: cut off by the published crop (28 of 32), seen by v2."""
    plain = np.full((64, 64), 100, np.uint8)
    framed = np.full((64, 64), 255, np.uint8)
    framed[2:-2, 2:-2] = 100
    for protocol, seen in (("v1", False), ("v2", True)):
        encoder = build(folder, protocol)
        change = np.abs(encoder.preprocess(plain) - encoder.preprocess(framed))
        assert bool(change[:, 0].min() > 0.5) is seen
        assert change[:, 4:-4, 4:-4].max() == 0


def test_features_differ_from_rad_dinos_only_by_name_where_weights_are_shared(folder: Path) -> None:
    """v1 of dinov2 is the checkpoint's own processor, which is v2 of rad-dino."""
    other = ENCODERS.build("rad-dino", BuildContext(weights=folder))
    ours = build(folder, "v1")
    images = [random_image(seed) for seed in range(3)]
    np.testing.assert_array_equal(encode_all(ours, images), encode_all(other, images))
    assert ours.fingerprint != other.fingerprint


def test_absent_weights_of_any_size_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_adapters.encoders.dinov2_checkpoint.cached_snapshot", lambda *_: None)
    with pytest.raises(UserError, match="hf download facebook/dinov2-base"):
        ENCODERS.build("dinov2", BuildContext())
    (missing,) = ENCODERS.requirements("dinov2", BuildContext(target="facebook/dinov2-large"))
    assert "facebook/dinov2-large" in missing.what
    assert missing.size_gb is None

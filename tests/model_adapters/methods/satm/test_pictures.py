"""Decoded pictures: the right pixels, blocks that a stop does not lose, and grey levels there and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_split import toy

from model_adapters.methods.satm.pictures import BLOCK, Scale, blocks_of, decoded, small


def test_a_block_is_decoded_once(tmp_path: Path) -> None:
    made = toy(train=BLOCK + 6)
    cases = made.split.cases("train")
    steps: list[int] = []

    def stop(done: int) -> None:
        steps.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decoded(made.split, cases, 4, tmp_path, stop)
    assert len(made.read) == BLOCK
    pictures = decoded(made.split, cases, 4, tmp_path, steps.append)
    assert steps == [1, 2] and blocks_of(len(cases)) == 2 and len(made.read) == len(cases)
    assert pictures.shape == (BLOCK + 6, 1, 4, 4)
    levels = [int(case.id[1:]) / 255 for case in cases]
    np.testing.assert_allclose(pictures[:, 0, 2, 1], levels, atol=1e-6)


def test_an_area_mean_of_an_even_reduction() -> None:
    image = np.zeros((8, 8), np.uint8)
    image[:, 4:] = 200
    found = small(image, 2)[0]
    # The antialiased triangle filter reaches a quarter of its weight into the other half.
    assert found[0, 0] == pytest.approx(found[1, 0]) and found[0, 0] + found[0, 1] == pytest.approx(200 / 255, abs=1e-3)
    assert found[0, 0] < 0.3 < 0.5 < found[0, 1]


def test_grey_levels_come_back() -> None:
    pictures = np.arange(256, dtype=np.float32).reshape(4, 1, 8, 8) / 255
    scale = Scale.of(pictures)
    seen = scale.standardised(pictures)
    assert abs(float(seen.mean())) < 1e-5 and float(seen.std()) == pytest.approx(1.0, abs=1e-5)
    assert scale.bounds == pytest.approx((float(seen.min()), float(seen.max())), abs=1e-5)
    assert np.array_equal(scale.bytes_of(seen).ravel(), np.arange(256))
    assert scale.bytes_of(seen + 99).min() == 255
    assert scale.beyond(seen) == 0.0 and scale.beyond(seen + 1.0) == pytest.approx(
        float((seen + 1.0 > seen.max()).mean())
    )
    assert Scale.of(np.full((1, 1, 2, 2), 0.5, np.float32)).deviation == 1.0

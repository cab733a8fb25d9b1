"""Mirror correlation of pictures whose symmetry is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_splits.images.symmetry import mirror_correlation


def test_symmetric_shifted_and_lopsided_pictures() -> None:
    half = np.random.default_rng(0).integers(0, 256, (64, 32), dtype=np.uint8)
    symmetric = np.hstack([half, half[:, ::-1]])
    assert mirror_correlation(symmetric) == pytest.approx(1)
    assert mirror_correlation(np.roll(symmetric, 6, axis=1)) > 0.95  # a patient off centre
    ramp = np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))
    assert mirror_correlation(ramp) == pytest.approx(-1)
    assert mirror_correlation(np.full((8, 8), 9, np.uint8)) == 0


def test_real_frontal_images_are_symmetric(shared_data: Path) -> None:
    paths = sorted((shared_data / "nih" / "images").glob("*.png"))[:60]
    values = [mirror_correlation(path) for path in paths]
    assert np.percentile(values, 5) > 0.5  # median 0.87

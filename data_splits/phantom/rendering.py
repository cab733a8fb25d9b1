"""From the line integral to the picture: beam, scatter, detector noise and the display curve of a radiograph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from data_splits.phantom.acquisition import Acquisition
from data_splits.phantom.draws import Draws
from data_splits.phantom.opacities import logistic
from data_splits.phantom.projection import Masks, line_integral, masks, place
from data_splits.phantom.tubes import draw, join, polyline

if TYPE_CHECKING:
    from data_splits.phantom.cohort import PhantomStudy

SCATTER_SIGMA_MM = 30.0
COARSE = 8  # scatter and equalisation are computed on a grid this many times coarser
LETTERS = {
    "L": [[(0.0, 0.0), (0.0, 1.0), (0.6, 1.0)]],
    "R": [[(0.0, 1.0), (0.0, 0.0), (0.5, 0.08), (0.55, 0.35), (0.45, 0.5), (0.0, 0.5)], [(0.2, 0.5), (0.6, 1.0)]],
    "A": [[(0.0, 1.0), (0.3, 0.0), (0.6, 1.0)], [(0.1, 0.65), (0.5, 0.65)]],
    "P": [[(0.0, 1.0), (0.0, 0.0), (0.5, 0.08), (0.55, 0.35), (0.45, 0.5), (0.0, 0.5)]],
}


def render(study: PhantomStudy, size: int = 256) -> np.ndarray:
    """The radiograph of a study: uint8 [size, size], bright where little radiation passed.

    Args:
        study: what `data_splits.phantom.cohort` yields (or a variant made by `dataclasses.replace`).
        size: pixels a side, a multiple of 32. The anatomy is the same at every size; the noise per area is too.

    Raises:
        ValueError: the size is not a positive multiple of 32.

    Cost: about 40 ms for 256 pixels on one core. The bytes depend on the study alone: all random numbers come from raw
    generator words (see `draws`), a fixed number of them, and the expected signal is rounded before noise is added, so
    that last-bit differences of exp and power between processors do not reach the picture.
    """
    if size <= 0 or size % 32:
        raise ValueError(f"size must be a positive multiple of 32, not {size}")
    shot = study.acquisition
    scene = place(study.anatomy, shot, study.findings, size)
    primary = np.exp(-line_integral(scene))
    signal = _detector_signal(primary, shot, scene.grid.mm_per_pixel)
    # A Gaussian with the variance of a Poisson count. A Poisson sampler uses a number of draws that depends on the
    # expected count, so one last-bit difference would change every pixel after it.
    signal = np.rint(signal * 1e6) / 1e6
    photons = shot.photons * 16.0 * (256.0 / size) ** 2
    noise = Draws(study.seed, study.study_id, "noise", size).normal_field((size, size))
    measured = np.maximum(signal + noise * np.sqrt(signal / photons), 2e-4)
    return _display(-np.log(measured), shot, size)


def render_masks(study: PhantomStudy, size: int = 256) -> Masks:
    """The true outlines of a study's lungs, heart and clavicles on the grid of `render(study, size)`."""
    return masks(place(study.anatomy, study.acquisition, study.findings, size))


def _detector_signal(primary: np.ndarray, shot: Acquisition, mm_per_pixel: float) -> np.ndarray:
    """Primary blurred by focus and motion, plus scatter: a broad blur of what the body took from the beam."""
    size = len(primary)
    hit = primary * np.minimum(-np.log(primary) / 1.5, 1.0)  # open air does not scatter
    coarse = hit.reshape(size // COARSE, COARSE, size // COARSE, COARSE).mean(axis=(1, 3))
    spread = gaussian_filter(coarse, SCATTER_SIGMA_MM / (mm_per_pixel * COARSE), mode="nearest", truncate=3)
    sharp = gaussian_filter(primary, shot.blur / mm_per_pixel, mode="nearest", truncate=3)
    return sharp + shot.scatter * _enlarge(spread, size)


def _enlarge(coarse: np.ndarray, size: int) -> np.ndarray:
    return zoom(coarse, size / len(coarse), order=1, mode="nearest", grid_mode=True)


def _display(density: np.ndarray, shot: Acquisition, size: int) -> np.ndarray:
    """Exposure indexing on the centre of the field, mild equalisation, a sigmoid curve, collimation and marker."""
    low, high = _exposure_range(density, size)
    coarse = density.reshape(size // COARSE, COARSE, size // COARSE, COARSE).mean(axis=(1, 3))
    coarse = np.maximum(coarse, low - 0.6 * (high - low))
    broad = gaussian_filter(coarse, 0.11 * size / COARSE, mode="nearest", truncate=3)
    middle = low + 0.42 * (high - low)
    level = density - shot.equalisation * (_enlarge(broad, size) - middle)
    curve = logistic((level - middle - shot.window_centre) / (0.5 * shot.window_width * (high - low)))
    picture = 0.02 + 0.95 * curve
    picture *= _collimation(shot, size)
    if shot.marker:
        picture = np.maximum(picture, _marker(shot, size))
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _exposure_range(density: np.ndarray, size: int) -> tuple[float, float]:
    """The 15th and 90th percentile of the middle of the field, by sorting: no sum whose order could differ."""
    step = size // 32
    sample = np.sort(density[size // 6 : -size // 6 : step, size // 6 : -size // 6 : step].ravel())
    low, high = sample[int(0.15 * len(sample))], sample[int(0.90 * len(sample))]
    return float(low), float(max(high, low + 0.8))


def _collimation(shot: Acquisition, size: int) -> np.ndarray:
    left, right, top, bottom = (share * size for share in shot.collimation)
    at = np.arange(size) + 0.5
    across = np.clip(at - left + 0.5, 0, 1) * np.clip(size - right - at + 0.5, 0, 1)
    down = np.clip(at - top + 0.5, 0, 1) * np.clip(size - bottom - at + 0.5, 0, 1)
    if left == right == top == bottom == 0:
        return np.ones((1, 1))
    return 0.02 + 0.98 * down[:, None] * across[None, :]


def _marker(shot: Acquisition, size: int) -> np.ndarray:
    """The lead letter, on the patient's own side of the picture, and AP on some portable films."""
    height = shot.marker_size * size
    x = (1 - shot.marker_x) * size if shot.marker == "L" else (shot.marker_x - 0.02) * size
    strokes = _letters(shot.marker, x, shot.marker_y * size, height)
    if shot.portable:
        strokes += _letters("AP", x - 0.4 * height, shot.marker_y * size + 1.6 * height, 0.7 * height)
    identity = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    width = 0.075 * height + 0.0022 * size
    ink = draw(join([polyline(stroke, width) for stroke in strokes]), size, identity, 1.0)
    return 0.97 * np.minimum(ink / width, 1)


def _letters(text: str, x: float, y: float, height: float) -> list[np.ndarray]:
    return [
        np.array(stroke) * height + np.array([x + 0.85 * height * place, y])
        for place, letter in enumerate(text)
        for stroke in LETTERS[letter]
    ]

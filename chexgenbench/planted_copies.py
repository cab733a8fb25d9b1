"""Copies of known images, altered in known ways: what a copy detector is worth is measured on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SIDE = 64
NOISE = 15 / 255 / 4
"""Noise of 15 grey levels at 256 px, which antialiasing to 64 px divides by four."""

SMALLEST_WINDOW = 0.8

Plane = NDArray[np.float32]


def _plain(image: Plane, rng: np.random.Generator) -> Plane:
    return image


def _noisy(image: Plane, rng: np.random.Generator) -> Plane:
    return np.clip(image + rng.normal(0.0, NOISE, image.shape).astype(np.float32), 0.0, 1.0)


def _flipped(image: Plane, rng: np.random.Generator) -> Plane:
    return image[:, ::-1]


def _cropped(image: Plane, rng: np.random.Generator) -> Plane:
    """A window of 80 to 100 % of the side, anywhere, enlarged to the whole."""
    import PIL.Image

    side = SIDE * rng.uniform(SMALLEST_WINDOW, 1.0)
    left, top = rng.uniform(0.0, SIDE - side, 2)
    box = (left, top, left + side, top + side)
    shown = PIL.Image.fromarray(image).resize((SIDE, SIDE), PIL.Image.Resampling.BILINEAR, box=box)
    return np.asarray(shown, np.float32)


def _contrast(image: Plane, rng: np.random.Generator) -> Plane:
    slope, gamma = rng.uniform(0.7, 1.4), rng.uniform(0.7, 1.4)
    return np.clip(0.5 + slope * (image**gamma - 0.5), 0.0, 1.0).astype(np.float32)


KINDS: dict[str, Callable[[Plane, np.random.Generator], Plane]] = {
    "plain": _plain,
    "noisy": _noisy,
    "flipped": _flipped,
    "cropped": _cropped,
    "contrast": _contrast,
}


def plant(images: NDArray[np.float32], kind: str, seed: int) -> NDArray[np.float32]:
    """Copies of images, each altered in the same way with its own chance.

    Args:
        images: float32[n, 4096], features of `grey64`. kind: a key of KINDS.

    Returns:
        float32[n, 4096].
    """
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    alter = KINDS[kind]
    copies = [alter(np.ascontiguousarray(image.reshape(SIDE, SIDE)), rng).reshape(-1) for image in images]
    return np.ascontiguousarray(copies, np.float32)

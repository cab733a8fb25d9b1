"""Answers by plain image processing, one rule per task, for drawn pictures: no learning, no language.

Each rule takes the question and the images (uint8[h, w, 3]) and gives an answer, or None where it does not apply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Rule = Callable[[str, Sequence[Pixels]], str | None]


def jigsaw(question: str, images: Sequence[Pixels]) -> str | None:
    """The option whose arrangement of patches lies nearest to the original (mean squared difference).

    The first image is the original, a square grid of the others; the top left third of a patch carries its number and
    is left out, as is its rim.
    """
    options = re.findall(r"^\s*([A-Z])\. \[([\d, ]+)\]", question, re.MULTILINE)
    side = round(len(images[1:]) ** 0.5)
    if not options or side**2 != len(images) - 1 or side < 2:
        return None
    cell = 48
    whole = _resized(images[0], side * cell)
    patches = [_resized(image, cell) for image in images[1:]]
    mask = np.zeros((cell, cell), bool)
    mask[3:-3, 3:-3] = True
    mask[: cell // 3, : cell // 3] = False
    places = [
        whole[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell]
        for row in range(side)
        for column in range(side)
    ]
    costs = np.array([[((place - patch)[mask] ** 2).mean() for patch in patches] for place in places])
    best = None
    for letter, text in options:
        order = [int(number) for number in text.split(",")]
        if sorted(order) != list(range(len(patches))):
            continue
        cost = float(sum(costs[place, patch] for place, patch in enumerate(order)))
        if best is None or cost < best[0]:
            best = (cost, letter)
    return best[1] if best else None


def scene(question: str, images: Sequence[Pixels]) -> str | None:
    """Coloured blobs: for each hue the most that one view shows, summed over hues. A lower bound of the true number."""
    most: dict[int, int] = {}
    for image in images:
        hue, saturation, _ = _hsv(image)
        for name, (low, high) in enumerate(_HUES):
            inside = (saturation > 0.4) & (hue >= low) & (hue < high)
            most[name] = max(most.get(name, 0), len(_blobs(inside, 0)))
    return str(sum(most.values()))


def attribute(question: str, images: Sequence[Pixels]) -> str | None:
    """Same colour (of the foreground) or same number (of blobs); other attributes are beyond it."""
    if "colour" in question:
        colours = [np.median(image[_foreground(image)], axis=0) for image in images if _foreground(image).any()]
        apart = max(float(np.abs(one - other).max()) for one in colours for other in colours)
        return "Yes" if apart < 60 else "No"
    if "number" in question:
        return "Yes" if len({len(_blobs(_foreground(image), 5)) for image in images}) == 1 else "No"
    return None


RULES: dict[str, Rule] = {"image_jigsaw": jigsaw, "3d_scene": scene, "attribute": attribute}
"""Task -> rule."""

_HUES = ((0.0, 0.03), (0.05, 0.11), (0.11, 0.17), (0.25, 0.45), (0.55, 0.7), (0.72, 0.83), (0.85, 0.97))
"""Red, orange, yellow, green, blue, purple, pink."""


def _foreground(image: Pixels) -> NDArray[np.bool_]:
    """Pixels unlike the background, which is the median of the rim."""
    rim = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return np.asarray(np.abs(image.astype(np.int16) - np.median(rim, axis=0)).max(2) > 80)


def _blobs(mask: NDArray[np.bool_], bridge: int) -> list[int]:
    """Sizes of the connected parts of at least 12 pixels; gaps of up to 2 x `bridge` pixels are closed."""
    from scipy import ndimage

    if bridge:
        mask = ndimage.binary_dilation(mask, iterations=bridge)
    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return [int(size) for size in sizes if size >= 12]


def _hsv(image: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    from PIL import Image

    hsv = np.asarray(Image.fromarray(image).convert("HSV"), np.float64) / 255
    return hsv[..., 0], hsv[..., 1], hsv[..., 2]


def _resized(image: Pixels, side: int) -> NDArray[np.float64]:
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(image)).resize((side, side), Image.Resampling.BOX)
    return np.asarray(picture, np.float64) / 255

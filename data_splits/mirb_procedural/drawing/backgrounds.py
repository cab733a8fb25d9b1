"""Backgrounds: smooth mixtures of colours, and quiet scenery that stands in for a photograph."""

from __future__ import annotations

import numpy as np

from data_splits.mirb_procedural.drawing.canvas import Colour
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage


def gradient(width: int, height: int, top: Colour, bottom: Colour) -> ColourImage:
    """A vertical mixture of two colours."""
    share = np.arange(height, dtype=np.int64)[:, None]
    last = max(1, height - 1)
    rows = (np.array(top, np.int64) * (last - share) + np.array(bottom, np.int64) * share + last // 2) // last
    return np.broadcast_to(rows[:, None, :], (height, width, 3)).astype(np.uint8)


def tint(draws: Draws, low: int, high: int) -> Colour:
    """A colour with each channel from low to high."""
    return (draws.integer(low, high), draws.integer(low, high), draws.integer(low, high))


def grain(picture: ColourImage, draws: Draws, strength: int) -> ColourImage:
    """The picture with rounded noise of standard deviation `strength` grey levels, in dots of 2 x 2 pixels."""
    height, width = picture.shape[:2]
    noise = np.rint(draws.normal_field((-(-height // 2), -(-width // 2))) * strength).astype(np.int16)
    dots = noise.repeat(2, 0).repeat(2, 1)[:height, :width]
    noisy: ColourImage = np.clip(picture.astype(np.int16) + dots[:, :, None], 0, 255).astype(np.uint8)
    return noisy


def scenery(width: int, height: int, draws: Draws, low: int = 40, high: int = 220) -> ColourImage:
    """Sky over two rows of soft hills with a few round shapes, in drawn colours."""
    picture = gradient(width, height, tint(draws, low, high), tint(draws, low, high))
    for _ in range(draws.integer(2, 4)):
        radius = draws.integer(width // 12, width // 4)
        _ball(picture, draws.integer(0, width), draws.integer(0, height), radius, tint(draws, low, high))
    for row in range(2):
        colour = tint(draws, low, high)
        for _ in range(3):
            radius = draws.integer(width // 4, width // 2)
            _ball(picture, draws.integer(0, width), height + radius // 3 + 20 * row, radius, colour)
    return grain(picture, draws, 5)


def _ball(picture: ColourImage, x: int, y: int, radius: int, colour: Colour) -> None:
    """A disc without smoothed edges, which cost most of the time and are lost in the grain."""
    rows = (np.arange(picture.shape[0], dtype=np.int64) - y)[:, None] ** 2
    columns = (np.arange(picture.shape[1], dtype=np.int64) - x)[None, :] ** 2
    picture[rows + columns <= radius * radius] = colour

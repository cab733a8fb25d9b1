"""Pictures, and stamping shapes on them by integer arithmetic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data_splits.question import ColourImage

Colour = tuple[int, int, int]
Mask = NDArray[np.bool_]
"""bool[SUB * height, SUB * width]: inside or outside, at SUB x SUB samples of each pixel."""

SUB = 4


def blank(width: int, height: int, colour: Colour = (255, 255, 255)) -> ColourImage:
    """A picture of one colour, uint8[height, width, 3]."""
    return np.full((height, width, 3), colour, np.uint8)


def coverage(mask: Mask) -> NDArray[np.int32]:
    """Samples inside each pixel, int32[height, width], 0 to SUB * SUB."""
    height, width = mask.shape[0] // SUB, mask.shape[1] // SUB
    counts: NDArray[np.int32] = mask.reshape(height, SUB, width, SUB).sum(axis=(1, 3), dtype=np.int32)
    return counts


def stamp(picture: ColourImage, mask: Mask, left: int, top: int, colour: Colour) -> None:
    """Paint a colour through a mask whose top left pixel lies at (left, top); what lies outside is cut off."""
    counts = coverage(mask)
    height, width = picture.shape[:2]
    from_x, from_y = max(0, -left), max(0, -top)
    to_x, to_y = min(counts.shape[1], width - left), min(counts.shape[0], height - top)
    if from_x >= to_x or from_y >= to_y:
        return
    share = counts[from_y:to_y, from_x:to_x, None]
    view = picture[top + from_y : top + to_y, left + from_x : left + to_x]
    full = SUB * SUB
    mixed = (view.astype(np.int32) * (full - share) + np.array(colour, np.int32) * share + full // 2) // full
    view[...] = mixed.astype(np.uint8)


def rectangle(picture: ColourImage, left: int, top: int, width: int, height: int, colour: Colour) -> None:
    """Fill a rectangle, cut off at the picture's edges."""
    picture[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = colour


def frame(picture: ColourImage, left: int, top: int, width: int, height: int, thick: int, colour: Colour) -> None:
    """Draw the border of a rectangle, inside it."""
    rectangle(picture, left, top, width, thick, colour)
    rectangle(picture, left, top + height - thick, width, thick, colour)
    rectangle(picture, left, top, thick, height, colour)
    rectangle(picture, left + width - thick, top, thick, height, colour)


def segment(picture: ColourImage, start: tuple[int, int], end: tuple[int, int], thick: int, colour: Colour) -> None:
    """Draw a straight stroke with round ends between two pixels."""
    (x1, y1), (x2, y2) = start, end
    pad = thick
    left, top = min(x1, x2) - pad, min(y1, y2) - pad
    width, height = abs(x2 - x1) + 2 * pad + 1, abs(y2 - y1) + 2 * pad + 1
    # Coordinates in eighths of a pixel; a pixel's centre is at 4, its samples at 1, 3, 5, 7.
    xs = (2 * np.arange(SUB * width, dtype=np.int64) + 1)[None, :] + 8 * left
    ys = (2 * np.arange(SUB * height, dtype=np.int64) + 1)[:, None] + 8 * top
    ax, ay, bx, by = 8 * x1 + 4, 8 * y1 + 4, 8 * x2 + 4, 8 * y2 + 4
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    along = (xs - ax) * dx + (ys - ay) * dy
    across = (xs - ax) * dy - (ys - ay) * dx
    radius2 = (4 * thick) ** 2
    body = (along >= 0) & (along <= length2) & (across * across <= radius2 * length2)
    ends = ((xs - ax) ** 2 + (ys - ay) ** 2 <= radius2) | ((xs - bx) ** 2 + (ys - by) ** 2 <= radius2)
    stamp(picture, body | ends, left, top, colour)

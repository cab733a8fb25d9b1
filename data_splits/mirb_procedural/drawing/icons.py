"""Small drawings known by name, as shapes on a unit square of 1024 x 1024 whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from data_splits.mirb_procedural.drawing.canvas import SUB, Mask

Grid = NDArray[np.int64]
Point = tuple[int, int]

TURNS: dict[int, tuple[int, int]] = {
    0: (4096, 0), 15: (3956, 1060), 30: (3547, 2048), 45: (2896, 2896), 60: (2048, 3547), 75: (1060, 3956),
}  # fmt: skip
"""Angle -> 4096 times its cosine and sine, rounded; other angles are these plus quarter turns."""


def disc(x: Grid, y: Grid, centre: Point, radius: int) -> Mask:
    """Inside a disc."""
    inside: Mask = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius * radius
    return inside


def oval(x: Grid, y: Grid, centre: Point, across: int, down: int) -> Mask:
    """Inside an ellipse of two half axes."""
    inside: Mask = ((x - centre[0]) * down) ** 2 + ((y - centre[1]) * across) ** 2 <= (across * down) ** 2
    return inside


def polygon(x: Grid, y: Grid, corners: Sequence[Point]) -> Mask:
    """Inside a polygon (even-odd rule)."""
    inside = np.zeros(np.broadcast(x, y).shape, np.bool_)
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y1 == y2:
            continue
        spans = (y1 > y) != (y2 > y)
        side = (x - x1) * (y2 - y1) < (x2 - x1) * (y - y1)
        inside ^= spans & (side if y2 > y1 else ~side)
    return inside


def box(x: Grid, y: Grid, left: int, top: int, right: int, bottom: int) -> Mask:
    """Inside an upright rectangle."""
    inside: Mask = (x >= left) & (x < right) & (y >= top) & (y < bottom)
    return inside


STAR = [(0, -500), (123, -160), (476, -155), (199, 65), (294, 405), (0, 208), (-294, 405), (-199, 65), (-476, -155),
        (-123, -160)]  # fmt: skip

ICONS: dict[str, Callable[[Grid, Grid], Mask]] = {
    "circle": lambda x, y: disc(x, y, (0, 0), 430),
    "square": lambda x, y: box(x, y, -390, -390, 390, 390),
    "triangle": lambda x, y: polygon(x, y, [(0, -450), (470, 390), (-470, 390)]),
    "diamond": lambda x, y: polygon(x, y, [(0, -490), (340, 0), (0, 490), (-340, 0)]),
    "star": lambda x, y: polygon(x, y, STAR),
    "heart": lambda x, y: (
        disc(x, y, (-215, -170), 235)
        | disc(x, y, (215, -170), 235)
        | polygon(x, y, [(-440, -90), (0, -160), (440, -90), (0, 460)])
    ),
    "moon": lambda x, y: disc(x, y, (-40, 0), 450) & ~disc(x, y, (160, -60), 390),
    "cross": lambda x, y: box(x, y, -150, -460, 150, 460) | box(x, y, -460, -150, 460, 150),
    "house": lambda x, y: (
        polygon(x, y, [(0, -470), (480, -60), (-480, -60)])
        | (box(x, y, -360, -70, 360, 440) & ~box(x, y, -80, 120, 110, 441))
    ),
    "tree": lambda x, y: (
        box(x, y, -70, 200, 70, 490)
        | polygon(x, y, [(0, -490), (250, -120), (-250, -120)])
        | polygon(x, y, [(0, -300), (390, 230), (-390, 230)])
    ),
    "fish": lambda x, y: (
        (oval(x, y, (-80, 0), 380, 230) | polygon(x, y, [(220, 0), (490, -250), (490, 250)]))
        & ~disc(x, y, (-290, -60), 45)
    ),
    "arrow": lambda x, y: polygon(
        x, y, [(0, -480), (390, -60), (150, -60), (150, 470), (-150, 470), (-150, -60), (-390, -60)]
    ),
    "flag": lambda x, y: box(x, y, -330, -470, -240, 480) | polygon(x, y, [(-240, -450), (430, -230), (-240, 0)]),
    "cup": lambda x, y: (
        polygon(x, y, [(-380, -300), (240, -300), (170, 380), (-310, 380)])
        | (disc(x, y, (220, 0), 230) & ~disc(x, y, (220, 0), 130))
    ),
    "bolt": lambda x, y: polygon(
        x, y, [(120, -490), (-330, 90), (-30, 90), (-140, 490), (330, -130), (20, -130), (220, -490)]
    ),
    "ring": lambda x, y: disc(x, y, (0, 0), 440) & ~disc(x, y, (0, 0), 240),
}
PLURALS = {name: name + "s" for name in ICONS} | {"cross": "crosses", "fish": "fish"}
ORIENTED = ("arrow", "flag", "fish", "cup", "house", "triangle", "heart")
"""Icons whose quarter turns all look different at a glance."""

STYLES = ("filled", "outlined", "striped", "dotted", "pixelated")


@lru_cache(maxsize=4096)
def icon(name: str, size: int, angle: int = 0, style: str = "filled") -> Mask:
    """The mask of an icon, `size` pixels a side, turned clockwise by a multiple of 15 degrees."""
    step = max(1, size // 13) if style == "pixelated" else 0
    cells = -(-size // step) if step else size * SUB
    span = 1024 * (cells * step) // size if step else 1024
    ticks = ((2 * np.arange(cells, dtype=np.int64) + 1) * span) // (2 * cells) - span // 2
    x, y = ticks[None, :], ticks[:, None]
    if angle % 90:  # a turned square is wider: everything turned is drawn a fifth smaller, so that nothing is cut
        x, y = x * 5 // 4, y * 5 // 4
    cosine, sine = _turn(angle)
    inside = ICONS[name]((x * cosine + y * sine) >> 12, (y * cosine - x * sine) >> 12)
    if style == "pixelated":
        inside = inside.repeat(step * SUB, 0).repeat(step * SUB, 1)
        spare = (inside.shape[0] - size * SUB) // 2
        inside = inside[spare : spare + size * SUB, spare : spare + size * SUB]
    elif style != "filled":
        line = inside & ~shrunk(inside, max(2, size // 14) * SUB)
        if style == "striped":
            line |= inside & ((x + y) // 75 % 2 == 0)
        elif style == "dotted":
            line = inside & ~shrunk(inside, SUB) | (inside & ((x % 150 - 75) ** 2 + (y % 150 - 75) ** 2 <= 45**2))
        inside = line
    inside.setflags(write=False)
    return inside


def shrunk(mask: Mask, by: int) -> Mask:
    """The part of a mask whose neighbours at a distance of `by` samples all lie inside."""
    padded = np.pad(mask, by)
    height, width = mask.shape
    left = mask.copy()
    corner = by * 7 // 10
    for dx, dy in ((by, 0), (-by, 0), (0, by), (0, -by)):
        left &= padded[by + dy : by + dy + height, by + dx : by + dx + width]
    for dx, dy in ((corner, corner), (-corner, corner), (corner, -corner), (-corner, -corner)):
        left &= padded[by + dy : by + dy + height, by + dx : by + dx + width]
    return left


def cosine_sine(angle: int) -> tuple[float, float]:
    """Cosine and sine of a multiple of 15 degrees, as whole 4096ths: the same on every machine."""
    cosine, sine = _turn(angle)
    return cosine / 4096, sine / 4096


def _turn(angle: int) -> tuple[int, int]:
    quarter, rest = divmod(angle % 360, 90)
    cosine, sine = TURNS[rest]
    for _ in range(quarter):
        cosine, sine = -sine, cosine
    return cosine, sine

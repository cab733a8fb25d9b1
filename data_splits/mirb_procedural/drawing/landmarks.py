"""Silhouettes of invented landmarks, on the same unit square as the icons."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from data_splits.mirb_procedural.drawing.canvas import SUB, Colour, Mask, stamp
from data_splits.mirb_procedural.drawing.icons import Grid, box, disc, polygon
from data_splits.question import ColourImage

LANDMARKS: dict[str, Callable[[Grid, Grid], Mask]] = {
    "spire": lambda x, y: polygon(x, y, [(0, -500), (60, -120), (200, 500), (-200, 500), (-60, -120)]),
    "dome": lambda x, y: (
        (disc(x, y, (0, 60), 340) & (y < 60)) | box(x, y, -420, 60, 420, 500) & ~box(x, y, -90, 220, 90, 501)
        | box(x, y, -25, -430, 25, 0)
    ),
    "arch": lambda x, y: box(x, y, -430, -330, 430, 500) & ~(disc(x, y, (0, 60), 220) | box(x, y, -220, 60, 220, 501)),
    "pyramid": lambda x, y: (
        polygon(x, y, [(0, -420), (500, 500), (-500, 500)]) & ~(abs(y - 120) < 24) & ~(abs(y + 130) < 24)
    ),
    "bridge": lambda x, y: (
        box(x, y, -500, 180, 500, 270)
        | box(x, y, -330, -420, -230, 500)
        | box(x, y, 230, -420, 330, 500)
        | polygon(x, y, [(-280, -420), (0, 200), (280, -420), (280, -340), (0, 270), (-280, -340)])
    ),
    "wheel": lambda x, y: (
        disc(x, y, (0, -60), 430) & ~disc(x, y, (0, -60), 350)
        | (box(x, y, -28, -480, 28, 370) | box(x, y, -420, -88, 420, -32)) & disc(x, y, (0, -60), 400)
        | polygon(x, y, [(0, -60), (250, 500), (170, 500), (0, 110), (-170, 500), (-250, 500)])
    ),
    "castle": lambda x, y: (
        box(x, y, -460, -60, 460, 500) & ~(disc(x, y, (0, 290), 120) | box(x, y, -120, 290, 120, 501))
        | box(x, y, -460, -330, -240, 0)
        | box(x, y, 240, -330, 460, 0)
        | box(x, y, -220, -160, -130, 0) | box(x, y, -45, -160, 45, 0) | box(x, y, 130, -160, 220, 0)
    ),
    "windmill": lambda x, y: (
        polygon(x, y, [(-110, -100), (110, -100), (210, 500), (-210, 500)])
        | polygon(x, y, [(0, -150), (330, -480), (420, -390), (60, -100)])
        | polygon(x, y, [(0, -150), (-330, -480), (-420, -390), (-60, -100)])
        | polygon(x, y, [(0, -150), (330, 180), (420, 90), (60, -200)])
        | polygon(x, y, [(0, -150), (-330, 180), (-420, 90), (-60, -200)])
    ),
    "twins": lambda x, y: (
        box(x, y, -330, -430, -110, 500) | box(x, y, 110, -430, 330, 500) | box(x, y, -110, -30, 110, 70)
    ),
    "lighthouse": lambda x, y: (
        polygon(x, y, [(-100, -260), (100, -260), (190, 500), (-190, 500)])
        & ~(abs(y - 0) < 50) & ~(abs(y - 260) < 50)
        | box(x, y, -160, -310, 160, -260) | box(x, y, -90, -430, 90, -310)
        | polygon(x, y, [(0, -500), (120, -420), (-120, -420)])
    ),
}  # fmt: skip
"""Name -> silhouette; the name is used in evidence only, never in a question."""


@lru_cache(maxsize=256)
def landmark(name: str, size: int) -> Mask:
    """The mask of a landmark, `size` pixels a side."""
    cells = size * SUB
    ticks = ((2 * np.arange(cells, dtype=np.int64) + 1) * 1024) // (2 * cells) - 512
    inside: Mask = LANDMARKS[name](ticks[None, :], ticks[:, None])
    return inside


def draw_landmark(picture: ColourImage, name: str, left: int, top: int, size: int, colour: Colour) -> None:
    """Stamp a landmark into a square at (left, top)."""
    stamp(picture, landmark(name, size), left, top, colour)

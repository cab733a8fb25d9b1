"""Where things are in one study: the pixel grid in patient millimetres, the lungs' outlines, the domes and the heart.

A lung is described row by row: it reaches from an inner edge to an outer edge, and the path of a ray through it is
`depth(y) * sqrt(1 - u^4)`, u running from -1 to 1 between the edges. Profiles are tables over y (1 mm steps), so that a
picture needs one linear look-up per profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_splits.phantom.acquisition import AP_HEART_MAGNIFICATION, FIELD_MM, Acquisition
from data_splits.phantom.anatomy import Anatomy
from data_splits.phantom.findings import Findings

TABLE_Y = np.arange(-320.0, 321.0)
LUNG_BOTTOM = 135.0
SIDES = {"right": -1.0, "left": 1.0}


@dataclass(frozen=True)
class Grid:
    """Pixel centres in patient mm (x, y: float64 [size, size]) and the affine map back to pixels."""

    size: int
    mm_per_pixel: float
    x: np.ndarray
    y: np.ndarray
    to_pixels: np.ndarray

    def look_up(self, table: np.ndarray) -> np.ndarray:
        """A profile over TABLE_Y at every pixel, linear between its entries."""
        index, share = self._place
        low = table[index]
        return low + share * (table[index + 1] - low)

    @cached_property
    def _place(self) -> tuple[np.ndarray, np.ndarray]:
        place = np.clip(self.y - TABLE_Y[0], 0, len(TABLE_Y) - 1.001)
        index = place.astype(np.int64)
        return index, place - index


def make_grid(shot: Acquisition, size: int) -> Grid:
    """The grid of a picture of `size` pixels a side."""
    mm = FIELD_MM / (size * shot.scale)
    cos, sin = float(np.cos(shot.rotation)), float(np.sin(shot.rotation))
    ticks = (np.arange(size) + 0.5 - size / 2) * mm
    u, v = ticks[None, :] - shot.shift_x, ticks[:, None] - shot.shift_y
    centre = size / 2 - 0.5
    forward = np.array(
        [[cos / mm, -sin / mm, shot.shift_x / mm + centre], [sin / mm, cos / mm, shot.shift_y / mm + centre]]
    )
    return Grid(size, mm, cos * u + sin * v, -sin * u + cos * v, forward)


@dataclass(frozen=True)
class LungShape:
    """One lung: profiles over TABLE_Y (inner and outer edge as distances from the midline, depth) and its dome."""

    side: str
    inner: np.ndarray
    outer: np.ndarray
    depth: np.ndarray
    apex: float
    dome_top: float
    dome_height: float
    dome_x: float
    half_width: float

    @property
    def angle_y(self) -> float:
        """Height of the costophrenic angle."""
        return float(self.dome_at(np.array([0.97 * self.half_width]))[0])

    def dome_at(self, distance: np.ndarray) -> np.ndarray:
        """Height of the dome's crest at a distance from the midline (mm)."""
        reach = np.where(distance > self.dome_x, 1.06 * (self.half_width - self.dome_x), 2.3 * self.dome_x)
        q = np.minimum(np.square((distance - self.dome_x) / reach), 1.0)
        return self.dome_top + self.dome_height * (1 - np.sqrt(1 - q))

    def point(self, across: float, down: float) -> tuple[float, float]:
        """Patient mm of a place in the lung: 0 to 1 from inner to outer edge, 0 to 1 from the apex to the dome."""
        y = self.apex + down * (self.dome_top + 10.0 - self.apex)
        row = round(y - TABLE_Y[0])
        x = self.inner[row] + across * (self.outer[row] - self.inner[row])
        return SIDES[self.side] * float(x), float(y)


def lung_shape(
    body: Anatomy, shot: Acquisition, found: Findings, side: str, shrink: float = 0.0, fit: bool = True
) -> LungShape:
    """One lung's shape; `shrink` draws the wall side and the apex in (a collapsed lung)."""
    sign = SIDES[side]
    apex = body.apex_y + 1.2 * shrink
    half = body.chest_half_width + sign * body.asymmetry - shrink
    t = (TABLE_Y - apex) / (LUNG_BOTTOM - apex)
    inside = np.clip(t / 0.74, 0, 1)
    rise = np.power(1 - np.power(1 - inside, body.cage_power), 1 / body.cage_power)
    taper = 1 - 0.07 * np.square(np.clip((t - 0.74) / 0.26, 0, 1.5))
    axis = min(body.apex_x - 0.4 * shrink, half - 20.0)
    outer = (axis + (half - axis) * rise) * taper
    upper = body.mediastinum + found.wide_mediastinum - 5.0 * np.clip((TABLE_Y + 100.0) / 80.0, 0, 1)
    wide = np.where(TABLE_Y < -15.0, upper, np.maximum(13.0, upper - 0.25 * (TABLE_Y + 15.0)))
    wide = wide + sign * shot.obliquity
    # The atelectatic side pulls the mediastinum over.
    pull = 0.35 * found.atelectasis * (1.0 if found.atelectasis_side == side else -1.0) if found.atelectasis else 0.0
    inner = axis - (axis - np.maximum(wide - pull, 6.0)) * np.power(inside, 0.30)
    deep = body.chest_depth * np.power(rise, 0.8)
    top = body.dome_right_y + (body.dome_step if side == "left" else 0.0) + shot.inspiration
    if found.atelectasis_side == side:
        top -= found.atelectasis
    centre = body.dome_centre * body.chest_half_width
    return LungShape(
        side,
        inner,
        np.maximum(outer, inner + 1.0),
        np.where(t > 0, deep, 0.0),
        apex,
        top,
        body.dome_height,
        centre,
        body.chest_half_width + sign * body.asymmetry,
    )


@dataclass(frozen=True)
class Ellipse:
    """An ellipsoid seen from the front: centre, semi-axes, turn (radians), and half its longest path (mm)."""

    x: float
    y: float
    a: float
    b: float
    turn: float
    half_path: float

    def path(self, grid: Grid) -> np.ndarray:
        """Path length of each ray through the ellipsoid: 2 h sqrt(1 - q)."""
        return 2 * self.half_path * np.sqrt(np.maximum(1 - self.form(grid), 0))

    def form(self, grid: Grid) -> np.ndarray:
        """The quadratic form q; below 1 inside the outline."""
        cos, sin = float(np.cos(self.turn)), float(np.sin(self.turn))
        dx, dy = grid.x - self.x, grid.y - self.y
        return np.square((cos * dx + sin * dy) / self.a) + np.square((cos * dy - sin * dx) / self.b)


def heart_ellipses(body: Anatomy, shot: Acquisition, found: Findings) -> tuple[Ellipse, Ellipse]:
    """Left ventricle and right atrium; their joint width is the cardiothoracic ratio times the inner chest width.

    An AP film magnifies the ratio by AP_HEART_MAGNIFICATION.
    """
    gain = AP_HEART_MAGNIFICATION if shot.view == "AP" else 1.0
    width = found.ctr * gain * 2 * body.chest_half_width
    to_right, to_left = body.heart_right_share * width, (1 - body.heart_right_share) * width
    reach = (to_left + 0.35 * to_right) / 2
    cos2 = float(np.cos(body.heart_tilt)) ** 2
    flat = body.heart_roundness
    long_axis = reach / float(np.sqrt(cos2 + flat**2 * (1 - cos2)))
    tall = long_axis * float(np.sqrt((1 - cos2) + flat**2 * cos2))
    # The heart rests on the diaphragm, so a bigger one grows upwards.
    y = body.dome_right_y + 0.6 * body.dome_step + shot.inspiration + body.heart_rest - tall
    ventricle = Ellipse(
        to_left - reach + shot.obliquity, y, long_axis, flat * long_axis, body.heart_tilt, 1.15 * flat * long_axis
    )
    atrium_reach = 0.55 * to_right + 8.0
    atrium = Ellipse(
        -to_right + atrium_reach + shot.obliquity, y - 4.0, atrium_reach, 0.95 * tall, 0.0, 1.2 * atrium_reach
    )
    return ventricle, atrium

"""A tiny renderer of balls and boxes: parallel projection, a depth buffer, exact visibility.

World units; x and y span the floor, z points up. Only +, -, *, / and square roots of float64 arrays are used, each
rounded correctly on every machine, and angles are multiples of 15 degrees from a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from data_splits.mirb_procedural.drawing.canvas import Colour
from data_splits.mirb_procedural.drawing.icons import cosine_sine
from data_splits.question import ColourImage

FORWARD, DOWN = 12 / 13, 5 / 13
"""The camera looks 22.6 degrees downwards: cosine and sine."""

SCALE = 42
"""Pixels per unit."""

FLOOR_RADIUS = 3.7
HORIZON = 0.56
"""Share of the image's height above the centre of the floor."""
SKY: Colour = (214, 222, 232)
FLOOR: Colour = (186, 180, 170)
NOTHING = -1


@dataclass(frozen=True)
class Solid:
    """A ball (radius = half[0]) or a box on the floor.

    Attributes:
        shape: "ball" or "box".
        colour: RGB.
        centre: x, y of its centre; it stands on the floor.
        half: half sizes along its own x, y and z.
        yaw: degrees by which a box is turned, a multiple of 15.
    """

    shape: str
    colour: Colour
    centre: tuple[float, float]
    half: tuple[float, float, float]
    yaw: int = 0


@dataclass(frozen=True)
class View:
    """What one camera sees.

    Attributes:
        depth: distance along the view, inf where there is nothing.
        ids: index of the solid at each sample, NOTHING where there is none.
        shade: brightness of what is there, 0 to 1.
    """

    depth: NDArray[np.float64]
    ids: NDArray[np.int16]
    shade: NDArray[np.float64]


@lru_cache(maxsize=16)
def fixed_view(fixed: tuple[Solid, ...], direction: int, width: int, height: int, factor: int) -> View:
    """The view of what many scenes share."""
    shape = (height * factor, width * factor)
    empty = View(np.full(shape, np.inf), np.full(shape, NOTHING, np.int16), np.ones(shape))
    _add(empty, fixed, 0, direction, factor)
    return empty


def look(
    fixed: tuple[Solid, ...], solids: Sequence[Solid], direction: int, width: int, height: int, factor: int = 1
) -> View:
    """The view of a camera that stands in a direction (degrees, a multiple of 15) seen from the centre of the floor.

    Args:
        fixed: solids that many scenes share; their view is kept. They come first in the numbering.
        solids: the others.
        factor: samples per pixel along each side.
    """
    start = fixed_view(fixed, direction, width, height, factor)
    view = View(start.depth.copy(), start.ids.copy(), start.shade.copy())
    _add(view, solids, len(fixed), direction, factor)
    return view


def paint(fixed: tuple[Solid, ...], solids: Sequence[Solid], direction: int, width: int, height: int) -> ColourImage:
    """The view in colour, two by two samples a pixel."""
    view = look(fixed, solids, direction, width, height, factor=2)
    fine = _backdrop(fixed, direction, width, height).copy()
    ours = view.ids >= len(fixed)
    palette = np.array([solid.colour for solid in solids], np.float64)
    fine[ours] = np.rint(palette[view.ids[ours] - len(fixed)] * view.shade[ours][:, None]).astype(np.uint16)
    total = fine[0::2, 0::2] + fine[1::2, 0::2] + fine[0::2, 1::2] + fine[1::2, 1::2]
    picture: ColourImage = ((total + 2) // 4).astype(np.uint8)
    return picture


def visible(fixed: tuple[Solid, ...], solids: Sequence[Solid], direction: int, width: int, height: int) -> list[int]:
    """Pixels that a camera sees of each of the solids that are not fixed."""
    ids = look(fixed, solids, direction, width, height).ids
    counts = np.bincount(ids[ids >= len(fixed)] - len(fixed), minlength=len(solids))
    return [int(count) for count in counts]


@lru_cache(maxsize=16)
def _backdrop(fixed: tuple[Solid, ...], direction: int, width: int, height: int) -> NDArray[np.uint16]:
    view = fixed_view(fixed, direction, width, height, 2)
    u, v = _axes(width, height, 2)
    palette = np.array([*(solid.colour for solid in fixed), SKY], np.float64)
    colours = palette[view.ids]
    on_floor = u[None, :] ** 2 + (v[:, None] / DOWN) ** 2 <= FLOOR_RADIUS**2
    colours[(view.ids == NOTHING) & on_floor] = FLOOR
    return np.rint(colours * view.shade[:, :, None]).astype(np.uint16)


def _axes(width: int, height: int, factor: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates of the samples on the image plane: to the right, and upwards."""
    columns, rows, scale = width * factor, height * factor, SCALE * factor
    u = (np.arange(columns) + 0.5 - columns / 2) / scale
    v = (rows * HORIZON - 0.5 - np.arange(rows)) / scale
    return u, v


def _add(view: View, solids: Sequence[Solid], first: int, direction: int, factor: int) -> None:
    """Draw solids into a view, nearest in front."""
    u, v = _axes(view.ids.shape[1] // factor, view.ids.shape[0] // factor, factor)
    cosine, sine = cosine_sine(direction + 90)
    for index, solid in enumerate(solids, start=first):
        x, y = solid.centre
        across, along = x * cosine + y * sine, y * cosine - x * sine
        middle = along * DOWN + solid.half[2] * FORWARD
        reach = sum(solid.half[:2]) if solid.shape == "box" else solid.half[0]
        tall = reach * DOWN + solid.half[2] * FORWARD if solid.shape == "box" else solid.half[0]
        part = (
            _span(v[::-1], middle - tall, middle + tall, flipped=True),
            _span(u, across - reach, across + reach),
        )
        du, dv = (u[part[1]] - across)[None, :], (v[part[0]] - middle)[:, None]
        near, light = (_ball if solid.shape == "ball" else _box)(solid, du, dv, direction)
        near = near + along * FORWARD - solid.half[2] * DOWN
        front = near < view.depth[part]
        view.depth[part][front] = near[front]
        view.ids[part][front] = index
        view.shade[part][front] = light[front]


def _span(line: NDArray[np.float64], low: float, high: float, flipped: bool = False) -> slice:
    first, last = int(np.searchsorted(line, low)), int(np.searchsorted(line, high))
    return slice(len(line) - last, len(line) - first) if flipped else slice(first, last)


def _ball(
    solid: Solid, du: NDArray[np.float64], dv: NDArray[np.float64], direction: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    radius = solid.half[0]
    inside = radius * radius - du * du - dv * dv
    bulge = np.sqrt(np.maximum(inside, 0.0))
    light = 0.45 + 0.55 * np.clip((dv * 0.6 - du * 0.4 + bulge * 0.69) / radius, 0.0, 1.0)
    return np.where(inside >= 0, -bulge, np.inf), light


def _box(
    solid: Solid, du: NDArray[np.float64], dv: NDArray[np.float64], direction: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slab test in the box's own frame; rays run along (0, FORWARD, -DOWN) of the camera's frame."""
    cosine, sine = cosine_sine(direction + 90 - solid.yaw)
    level = dv * DOWN  # the sample's place along the camera's second axis
    starts = (du * cosine - level * sine, du * sine + level * cosine, dv * FORWARD + 0.0 * du)
    ways = (-FORWARD * sine, FORWARD * cosine, -DOWN)
    enter = np.full(starts[0].shape, -np.inf)
    leave = np.full(starts[0].shape, np.inf)
    light = np.zeros(starts[0].shape)
    for start, way, half, bright in zip(starts, ways, solid.half, (0.82, 0.64, 1.0), strict=True):
        if way == 0:
            leave = np.where(abs(start) <= half, leave, -np.inf)
            continue
        one, two = (-half - start) / way, (half - start) / way
        first = np.minimum(one, two)
        light = np.where(first > enter, bright, light)
        enter, leave = np.maximum(enter, first), np.minimum(leave, np.maximum(one, two))
    return np.where(enter <= leave, enter, np.inf), light

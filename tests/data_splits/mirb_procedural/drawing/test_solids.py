"""The renderer of solids against a ray caster in world coordinates, written another way."""

from __future__ import annotations

import math

import numpy as np
import pytest

from data_splits.mirb_procedural.drawing.solids import (
    DOWN,
    FORWARD,
    HORIZON,
    NOTHING,
    SCALE,
    Solid,
    look,
    paint,
    visible,
)

WIDTH, HEIGHT = 320, 224
WALLS = (Solid("box", (9, 9, 9), (0.0, 0.0), (1.3, 0.1, 0.9), 30),)
THINGS = (
    Solid("ball", (200, 0, 0), (0.8, -1.2), (0.4, 0.4, 0.4)),
    Solid("box", (0, 200, 0), (-1.0, 1.0), (0.3, 0.35, 0.25), 45),
    Solid("ball", (0, 0, 200), (1.5, 1.5), (0.3, 0.3, 0.3)),
    Solid("box", (200, 200, 0), (-0.6, -1.4), (0.4, 0.3, 0.5), 15),
)


def cast(direction: float, row: int, column: int) -> int:
    """The index of the first solid that a ray meets: matrices and quadratics in world coordinates."""
    angle = math.radians(direction)
    towards = np.array([math.cos(angle), math.sin(angle), 0.0])
    view = -towards * FORWARD + np.array([0, 0, -DOWN])
    right = np.array([-math.sin(angle), math.cos(angle), 0.0])
    up = np.cross(right, view)
    u = (column + 0.5 - WIDTH / 2) / SCALE
    v = (HEIGHT * HORIZON - 0.5 - row) / SCALE
    start = u * right + v * up - 50 * view
    best, first = math.inf, NOTHING
    for index, solid in enumerate((*WALLS, *THINGS)):
        centre = np.array([*solid.centre, solid.half[2]])
        offset = start - centre
        if solid.shape == "ball":
            b, c = float(offset @ view), float(offset @ offset) - solid.half[0] ** 2
            if b * b - c < 0:
                continue
            distance = -b - math.sqrt(b * b - c)
        else:
            yaw = math.radians(solid.yaw)
            turn = np.array([[math.cos(yaw), math.sin(yaw), 0], [-math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]])
            o, d = turn @ offset, turn @ view
            with np.errstate(divide="ignore"):
                ends = np.sort(np.array([(-np.array(solid.half) - o) / d, (np.array(solid.half) - o) / d]), axis=0)
            distance = float(ends[0].max())
            if distance > ends[1].min():
                continue
        if distance < best:
            best, first = distance, index
    return first


@pytest.mark.parametrize("direction", [0, 60, 135, 300])
def test_ids_agree_with_a_ray_caster(direction: int) -> None:
    ids = look(WALLS, THINGS, direction, WIDTH, HEIGHT).ids
    rows, columns = np.nonzero(ids != NOTHING)
    pick = np.random.default_rng(0).permutation(len(rows))[:250]
    places = [*zip(rows[pick], columns[pick], strict=True), *((row, 5) for row in range(0, HEIGHT, 40))]
    wrong = sum(cast(direction, int(row), int(column)) != ids[row, column] for row, column in places)
    assert wrong <= 2  # pixels on an edge, where the rounded table of angles decides


def test_a_ball_has_the_area_of_its_disc_and_a_solid_behind_a_wall_is_not_seen() -> None:
    free = Solid("ball", (1, 2, 3), (0.0, 0.0), (0.5, 0.5, 0.5))
    (pixels,) = visible((), (free,), 45, WIDTH, HEIGHT)
    assert math.isclose(pixels, math.pi * (0.5 * SCALE) ** 2, rel_tol=0.01)
    wall = (Solid("box", (9, 9, 9), (0.0, 0.0), (2.0, 0.1, 0.9)),)
    ball = Solid("ball", (1, 2, 3), (0.0, 0.7), (0.3, 0.3, 0.3))
    assert visible(wall, (ball,), 270, WIDTH, HEIGHT) == [0]
    assert visible(wall, (ball,), 90, WIDTH, HEIGHT)[0] > 400


def test_colours_are_shaded_versions_of_their_own() -> None:
    picture = paint((), (THINGS[0],), 300, WIDTH, HEIGHT)
    red = picture[(picture[:, :, 1] < 10) & (picture[:, :, 2] < 10)]
    assert len(red) > 500
    assert red[:, 0].max() <= 200

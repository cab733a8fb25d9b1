"""3d_scene: how many objects a scene holds, seen from several sides, when every side hides some."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from data_splits.mirb_procedural.drawing.icons import cosine_sine
from data_splits.mirb_procedural.drawing.palette import COLOURS
from data_splits.mirb_procedural.drawing.solids import Solid, paint, visible
from data_splits.mirb_procedural.item import NUMBER_WORDS, Ask, Item, shuffled
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

WIDTH, HEIGHT = 320, 224
VIEWS = {1: 2, 2: 3, 3: 4}
TOTALS = {1: range(3, 8), 2: range(4, 10), 3: range(6, 13)}
WALL_LENGTH, WALL_HALF_THICK, WALL_HALF_HEIGHT = 2.6, 0.09, 0.9
WALL_COLOUR = (178, 180, 188)
HUES = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
SEEN = 150
"""An object is in plain sight of a camera that sees this many of its pixels; every object is, of one at least."""

GLIMPSE = 30
"""Fewer pixels than this are never seen: a scene that would show them is drawn again."""


@dataclass(frozen=True)
class Scene:
    """One image: how many walls, the objects of the scene, and where the camera stands (degrees)."""

    walls: int
    objects: tuple[Solid, ...]
    direction: int


def make(ask: Ask) -> Item:
    """Walls meet in the middle, one camera looks into each space between them. Level 1: two cameras, 3 to 7 objects.
    2: three, 4 to 9. 3: four, 6 to 12.

    Objects beyond the ends of the walls are seen by several cameras, so adding up the images counts them twice. No two
    objects share shape and colour. For each camera there is an object that no other camera sees.
    """
    views = VIEWS[ask.difficulty]
    total = ask.balanced(TOTALS[ask.difficulty])
    attempt = 0
    while True:
        draws = ask.draws("plan", attempt)
        objects = _objects(draws, total, views)
        cameras = shuffled(draws, [(2 * number + 1) * 180 // views for number in range(views)])
        pixels = _pixels(objects, cameras) if objects is not None else []
        if objects is not None and pixels and fair(pixels):
            break
        attempt += 1
    return Item(
        question=f"How many objects (balls and boxes) are there in this scene in total? The {NUMBER_WORDS[views]} "
        "images show it from different sides. Count each object once and leave out the grey walls.",
        answer=str(total),
        scenes=tuple(Scene(views, objects, camera) for camera in cameras),
        evidence={
            "needed": list(range(views)),
            "pixels": pixels,
            "seen": [[index for index, count in enumerate(row) if count] for row in pixels],
            "objects": [[solid.shape, _name(solid)] for solid in objects],
            "distractors": sum(sum(1 for row in pixels if row[index]) - 1 for index in range(total)),
        },
    )


def _pixels(objects: tuple[Solid, ...], cameras: list[int]) -> list[list[int]]:
    """Pixels of each object that each camera sees; empty where one of them catches only a glimpse."""
    found = []
    for camera in cameras:
        row = visible(walls(len(cameras)), objects, camera, WIDTH, HEIGHT)
        if any(0 < count < GLIMPSE for count in row):
            return []
        found.append(row)
    return found


def fair(pixels: list[list[int]]) -> bool:
    """Whether every object is in plain sight somewhere, and every camera is the only one to see some object."""
    columns = list(zip(*pixels, strict=True))
    plain = all(max(column) >= SEEN for column in columns)
    alone = {column.index(max(column)) for column in columns if sum(1 for count in column if count) == 1}
    return plain and len(alone) == len(pixels)


@cache
def walls(count: int) -> tuple[Solid, ...]:
    """Walls from the middle outwards, at equal angles."""
    found = []
    for number in range(count):
        angle = number * 360 // count
        cosine, sine = cosine_sine(angle)
        middle = (cosine * WALL_LENGTH / 2, sine * WALL_LENGTH / 2)
        found.append(Solid("box", WALL_COLOUR, middle, (WALL_LENGTH / 2, WALL_HALF_THICK, WALL_HALF_HEIGHT), angle))
    return tuple(found)


def _objects(draws: Draws, total: int, views: int) -> tuple[Solid, ...] | None:
    """Objects in every sector, and some beyond the ends of walls; None where no room was found."""
    looks = shuffled(draws, [(shape, hue) for shape in ("ball", "box") for hue in HUES])
    sectors = [*range(views), *(draws.integer(0, views - 1) for _ in range(total - views))]
    found: list[Solid] = []
    for number, sector in enumerate(sectors):
        shape, hue = looks[number]
        shared = number >= views and draws.chance(0.4)
        for _ in range(40):
            solid = _placed(draws, shape, hue, sector, views, shared)
            if _free(solid, found, views):
                found.append(solid)
                break
        else:
            return None
    return tuple(shuffled(draws, found))


def _placed(draws: Draws, shape: str, hue: str, sector: int, views: int, shared: bool) -> Solid:
    half = draws.integer(28, 40) / 100
    if shared:
        angle, radius = sector * 360 // views + 15 * draws.integer(-1, 1), 3.0 + draws.integer(0, 25) / 100
    else:
        spread = 60 if views == 2 else 30
        angle = (2 * sector + 1) * 180 // views + 15 * draws.integer(-spread // 15, spread // 15)
        radius = draws.integer(60, 190) / 100
    cosine, sine = cosine_sine(angle)
    high = half if shape == "ball" else half * draws.integer(70, 120) / 100
    yaw = 15 * draws.integer(0, 5)
    return Solid(shape, COLOURS[hue], (radius * cosine, radius * sine), (half, half, high), yaw)


def _free(solid: Solid, others: list[Solid], views: int) -> bool:
    x, y = solid.centre
    reach = solid.half[0] * (1.42 if solid.shape == "box" else 1)
    for other in others:
        dx, dy = x - other.centre[0], y - other.centre[1]
        far = reach + other.half[0] * (1.42 if other.shape == "box" else 1) + 0.1
        if dx * dx + dy * dy < far * far:
            return False
    for number in range(views):
        cosine, sine = cosine_sine(number * 360 // views)
        along, across = x * cosine + y * sine, y * cosine - x * sine
        if -reach < along < WALL_LENGTH + reach and abs(across) < WALL_HALF_THICK + reach + 0.03:
            return False
    return True


def _name(solid: Solid) -> str:
    return next(name for name, colour in COLOURS.items() if colour == solid.colour)


def render(scene: Scene) -> ColourImage:
    """320 x 224 pixels."""
    return paint(walls(scene.walls), scene.objects, scene.direction, WIDTH, HEIGHT)

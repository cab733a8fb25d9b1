"""analogy: is image 1 to image 2 as image 3 is to image 4?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from data_splits.mirb_procedural.drawing.canvas import blank, stamp
from data_splits.mirb_procedural.drawing.icons import ORIENTED, icon
from data_splits.mirb_procedural.drawing.palette import COLOURS
from data_splits.mirb_procedural.item import Ask, Item, sample
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

SIDE = 224
SIZES = (40, 60, 84)
LIGHT, DARK = (250, 250, 246), (60, 66, 84)
HUES = ("red", "orange", "green", "blue", "pink")
CHANGES: dict[str, tuple[int, ...]] = {
    "turn": (1, 2, 3),
    "number": (1, 2, -1),
    "size": (1, -1),
    "fill": (1,),
    "night": (1,),
}
"""What may change from image 1 to image 2, and by which steps. All changes are relative: none can be told from one
image, so no image can be left out."""
CYCLES = {"turn": 4, "fill": 2, "night": 2}
RANGES = {"number": (1, 4), "size": (0, 2)}


@dataclass(frozen=True)
class Scene:
    """One image: `number` copies of a shape, `turn` quarter turns clockwise, filled or outlined, by day or by night."""

    shape: str
    colour: str
    turn: int
    number: int
    size: int
    fill: int
    night: int


def make(ask: Ask) -> Item:
    """The same steps are applied to both pairs; for No, image 4 is off by one factor.

    Level 1: one factor changes. 2: two. 3: three, and the second pair differs from the first in shape and colour and
    in every factor's starting value as far as the ranges allow.
    """
    draws = ask.draws("plan")
    gold = ask.balanced(("Yes", "No"))
    steps = _steps(draws, ask.difficulty)
    wrong = _fault(draws, ask.difficulty, steps)
    shapes, colours = sample(draws, ORIENTED, 2), sample(draws, HUES, 2)
    first = _start(draws, shapes[0], colours[0], steps, wrong, second=False)
    second = _start(draws, shapes[1], colours[1], steps, wrong, second=True)
    right = applied(second, steps)
    last = right if gold == "Yes" else applied(right, dict([wrong]))
    scenes = (first, applied(first, steps), second, last)
    return Item(
        question="Do the four images make an analogy, that is: is image 1 to image 2 as image 3 is to image 4?",
        answer=gold,
        scenes=scenes,
        evidence={
            "needed": [0, 1, 2, 3],
            "steps": steps,
            "wrong": None if gold == "Yes" else {"factor": wrong[0], "off_by": wrong[1]},
            "scenes": [asdict(scene) for scene in scenes],
            "distractors": sorted(CHANGES.keys() - steps.keys()),
        },
    )


def applied(scene: Scene, steps: dict[str, int]) -> Scene:
    """A scene after some steps."""
    changed: dict[str, Any] = {}
    for name, step in steps.items():
        value = getattr(scene, name) + step
        changed[name] = value % CYCLES[name] if name in CYCLES else value
    return replace(scene, **changed)


def _steps(draws: Draws, level: int) -> dict[str, int]:
    chosen = sample(draws, list(CHANGES), level)
    return {name: draws.choice(CHANGES[name]) for name in sorted(chosen)}


def _fault(draws: Draws, level: int, steps: dict[str, int]) -> tuple[str, int]:
    """The factor that image 4 gets wrong, and by how much: a changed one, or one that should have stayed."""
    names = list(steps) if draws.chance(0.7) else [name for name in CHANGES if name not in steps]
    name = draws.choice(names)
    off_by = [step for step in CHANGES[name] if abs(step) == 1 or (level == 1 and name == "turn")]
    return name, draws.choice([step for step in off_by if all(_allowed(name, steps, (name, step)))])


def _start(draws: Draws, shape: str, colour: str, steps: dict[str, int], wrong: tuple[str, int], second: bool) -> Scene:
    """The first image of a pair."""
    values = {"turn": draws.integer(0, 3), "fill": draws.integer(0, 1), "night": draws.integer(0, 1)}
    for name in RANGES:
        values[name] = draws.choice(_allowed(name, steps, wrong)[second])
    return Scene(shape=shape, colour=colour, **values)


def _allowed(name: str, steps: dict[str, int], wrong: tuple[str, int]) -> tuple[list[int], list[int]]:
    """Values at which a factor may start in the first and in the second pair.

    Both pairs stay within the range with the right and with the wrong step. And whichever image is hidden, there is an
    image within the range that would make the other three an analogy, so that none can be left out.
    """
    if name not in RANGES:
        return [0], [0]
    low, high = RANGES[name]
    step, off = steps.get(name, 0), wrong[1] if wrong[0] == name else 0

    def inside(*path: int) -> list[int]:
        return [value for value in range(low, high + 1) if all(low <= value + move <= high for move in path)]

    return inside(0, step, step + off, -off), inside(0, step, step + off, off)


def places(number: int) -> list[tuple[int, int]]:
    """Centres of `number` copies: a row of up to two over a row of up to two."""
    return {
        1: [(112, 112)],
        2: [(62, 112), (162, 112)],
        3: [(62, 62), (162, 62), (112, 162)],
        4: [(62, 62), (162, 62), (62, 162), (162, 162)],
    }[number]


def render(scene: Scene) -> ColourImage:
    """224 x 224 pixels."""
    picture = blank(SIDE, SIDE, DARK if scene.night else LIGHT)
    size = SIZES[scene.size]
    mask = icon(scene.shape, size, 90 * scene.turn, "filled" if scene.fill else "outlined")
    for x, y in places(scene.number):
        stamp(picture, mask, x - size // 2, y - size // 2, COLOURS[scene.colour])
    return picture

"""attribute: whether four images share an object, a style, a colour or a number of objects."""

from __future__ import annotations

from dataclasses import dataclass, replace

from data_splits.mirb_procedural.drawing.canvas import Colour, blank, stamp
from data_splits.mirb_procedural.drawing.icons import STYLES, icon
from data_splits.mirb_procedural.drawing.palette import COLOURS, PAPERS
from data_splits.mirb_procedural.item import Ask, Item, sample
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

SIDE, IMAGES = 224, 4
VALUES: dict[str, tuple[str | int, ...]] = {
    "object": ("star", "heart", "house", "tree", "fish", "cup", "arrow", "moon", "cross"),
    "style": STYLES,
    "colour": ("red", "orange", "green", "blue", "purple", "brown", "black"),
    "number": (1, 2, 3, 4),
}
QUESTIONS = {
    "object": "Do all four images show the same kind of object?",
    "style": "Are all four images drawn in the same style?",
    "colour": "Do all four images show objects of the same colour?",
    "number": "Do all four images show the same number of objects?",
}
SPOTS = {
    1: ((62, 62),),
    2: ((12, 62), (112, 62)),
    3: ((12, 12), (112, 12), (62, 112)),
    4: ((12, 12), (112, 12), (12, 112), (112, 112)),
}


@dataclass(frozen=True)
class Scene:
    """One image: values of the four attributes, and what no question is about (paper, size, turn, shift)."""

    object: str
    style: str
    colour: str
    number: int
    paper: Colour = (255, 255, 255)
    size: int = 92
    angle: int = 0
    shift: tuple[int, int] = (0, 0)


def make(ask: Ask) -> Item:
    """Yes: all four share the value. No: exactly one image differs.

    Level 1: nothing else varies. 2: one other attribute varies from image to image. 3: all others vary, with size,
    turn, place and paper, so that no two images look alike.
    """
    draws = ask.draws("plan")
    about = ask.balanced([(name, gold) for name in VALUES for gold in ("Yes", "No")])
    name, gold = about
    shared = {key: draws.choice(values) for key, values in VALUES.items()}
    others = sample(draws, [key for key in VALUES if key != name], {1: 0, 2: 1, 3: 3}[ask.difficulty])
    table = [dict(shared) for _ in range(IMAGES)]
    for key in others:
        for row, value in zip(table, _varied(draws, VALUES[key]), strict=True):
            row[key] = value
    odd = draws.integer(0, IMAGES - 1)
    instead = draws.choice([value for value in VALUES[name] if value != shared[name]])
    if gold == "No":
        table[odd][name] = instead
    scenes = tuple(_dressed(draws, Scene(**row), ask.difficulty) for row in table)  # type: ignore[arg-type]
    return Item(
        question=QUESTIONS[name],
        answer=gold,
        scenes=scenes,
        evidence={
            "needed": list(range(IMAGES)) if gold == "Yes" else [odd],
            "attribute": name,
            "values": [{key: row[key] for key in VALUES} for row in table],
            "distractors": sorted(others),
        },
    )


def _varied(draws: Draws, values: tuple[str | int, ...]) -> list[str | int]:
    """Four values that are not all equal and do not single one image out."""
    one, two = sample(draws, values, 2)
    pattern = draws.choice(["different", "pairs"])
    if pattern == "different" and len(values) >= IMAGES:
        return sample(draws, values, IMAGES)
    return sample(draws, [one, one, two, two], IMAGES)


def _dressed(draws: Draws, scene: Scene, level: int) -> Scene:
    size, quarter, x, y = draws.integer(76, 96), draws.integer(-2, 2), draws.integer(-6, 6), draws.integer(-6, 6)
    paper = draws.choice(PAPERS)
    if level < 3:
        return scene
    return replace(scene, paper=paper, size=size, angle=15 * quarter, shift=(x, y))


def render(scene: Scene) -> ColourImage:
    """224 x 224 pixels."""
    picture = blank(SIDE, SIDE, scene.paper)
    mask = icon(scene.object, scene.size, scene.angle, scene.style)
    for x, y in SPOTS[scene.number]:
        centre = (100 - scene.size) // 2
        stamp(picture, mask, x + centre + scene.shift[0], y + centre + scene.shift[1], COLOURS[scene.colour])
    return picture

"""count: how many things of a kind several images hold together."""

from __future__ import annotations

from dataclasses import dataclass

from data_splits.mirb_procedural.drawing.backgrounds import grain
from data_splits.mirb_procedural.drawing.canvas import Colour, blank, stamp
from data_splits.mirb_procedural.drawing.icons import ICONS, PLURALS, icon
from data_splits.mirb_procedural.drawing.palette import COLOURS, PAPERS
from data_splits.mirb_procedural.item import NUMBER_WORDS, Ask, Item, parts, sample, shuffled
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

SIDE, CELLS = 256, 5
IMAGES = {1: 2, 2: 3, 3: 4}
TOTALS = {1: range(2, 12), 2: range(3, 17), 3: range(4, 24)}
MOST = {1: 8, 2: 9, 3: 9}
DISTRACTORS = {1: (0, 3), 2: (3, 7), 3: (5, 10)}
KINDS = ("circle", "square", "triangle", "star", "heart", "moon", "cross", "house", "tree", "fish", "cup", "ring")
"""What is counted: shapes that stay themselves when turned by 30 degrees."""


@dataclass(frozen=True)
class Thing:
    """One icon: what, where (pixels), how large, how turned."""

    kind: str
    colour: str
    left: int
    top: int
    size: int
    angle: int


@dataclass(frozen=True)
class Scene:
    """One image: paper colour, grain and things."""

    paper: Colour
    noise: tuple[str | int, ...]
    strength: int
    things: tuple[Thing, ...]


def make(ask: Ask) -> Item:
    """Level 1: two images, one kind among few others. 2: three images, more others, turned. 3: four images, a kind of
    one colour among the same kind in other colours and other kinds in that colour.

    Every image holds at least one of what is counted, so none can be left out.
    """
    draws = ask.draws("plan")
    level, pieces = ask.difficulty, IMAGES[ask.difficulty]
    total = ask.balanced(TOTALS[level])
    kind, colour = draws.choice(KINDS), draws.choice(list(COLOURS))
    counts = parts(draws, total, pieces, MOST[level])
    scenes = tuple(_scene(ask, number, count, kind, colour) for number, count in enumerate(counts))
    what = f"{colour} {PLURALS[kind]}" if level == 3 else PLURALS[kind]
    return Item(
        question=f"How many {what} are in these {NUMBER_WORDS[pieces]} images?",
        answer=str(total),
        scenes=scenes,
        evidence={
            "needed": list(range(pieces)),
            "counts": counts,
            "kind": kind,
            "colour": colour if level == 3 else None,
            "distractors": [len(scene.things) - count for scene, count in zip(scenes, counts, strict=True)],
            "things": [[[thing.kind, thing.colour] for thing in scene.things] for scene in scenes],
        },
    )


def _scene(ask: Ask, number: int, count: int, kind: str, colour: str) -> Scene:
    draws = ask.draws("image", number)
    level = ask.difficulty
    looks = [(kind, colour if level == 3 else draws.choice(list(COLOURS))) for _ in range(count)]
    for _ in range(draws.integer(*DISTRACTORS[level])):
        looks.append(_other(draws, level, kind, colour))
    cells = sample(draws, range(CELLS * CELLS), len(looks))
    step = SIDE // CELLS
    things = []
    for (shape, paint), cell in zip(shuffled(draws, looks), cells, strict=True):
        size = 36 if level == 1 else draws.integer(26, 44)
        angle = 0 if level == 1 else 15 * draws.integer(-2, 2)
        left = cell % CELLS * step + draws.integer(2, max(2, step - size))
        top = cell // CELLS * step + draws.integer(2, max(2, step - size))
        things.append(Thing(shape, paint, left, top, size, angle))
    key = (ask.seed, ask.difficulty, ask.ordinal, number)
    return Scene(draws.choice(PAPERS), ("count", *key), 0 if level == 1 else 6, tuple(things))


def _other(draws: Draws, level: int, kind: str, colour: str) -> tuple[str, str]:
    same_kind = draws.chance(0.5)
    other_kind = draws.choice([name for name in ICONS if name != kind])
    other_colour = draws.choice([name for name in COLOURS if name != colour])
    if level < 3:
        return other_kind, draws.choice(list(COLOURS))
    return (kind, other_colour) if same_kind else (other_kind, colour)


def render(scene: Scene) -> ColourImage:
    """256 x 256 pixels."""
    picture = blank(SIDE, SIDE, scene.paper)
    for thing in scene.things:
        stamp(picture, icon(thing.kind, thing.size, thing.angle), thing.left, thing.top, COLOURS[thing.colour])
    return grain(picture, Draws(*scene.noise), scene.strength) if scene.strength else picture

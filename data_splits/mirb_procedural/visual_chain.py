"""visual_chain: a variable that is defined step by step, one statement written on each image."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass

from data_splits.mirb_procedural.drawing.backgrounds import scenery
from data_splits.mirb_procedural.drawing.canvas import rectangle
from data_splits.mirb_procedural.drawing.text import size, write
from data_splits.mirb_procedural.item import Ask, Item, sample, shuffled
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

WIDTH, HEIGHT, SCALE = 320, 240, 3
NAMES = "abcdefghkmnprstuvwxyz"
"""Letters that are told apart at a glance (no i, j, l, o, q)."""

STEPS = {1: 1, 2: 2, 3: 3}
STRAYS = {1: 0, 2: 1, 3: 2}
"""Statements that the answer does not depend on."""

OPERATORS: dict[str, Callable[[int, int], int]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
GIVEN = ("let {0} = {1}", "set {0} = {1}", "and {0} = {1}", "{0} = {1}")
DEFINED = ("then {0} = {1}", "so {0} = {1}", "and {0} = {1}", "{0} = {1}")


@dataclass(frozen=True)
class Scene:
    """One image: a sentence and the key of its background."""

    sentence: str
    key: tuple[str | int, ...]


@dataclass(frozen=True)
class Statement:
    """`name = value` (left None) or `name = left operator right`."""

    name: str
    value: int
    left: str | None = None
    operator: str = ""
    right: str = ""

    @property
    def formula(self) -> str:
        """The right-hand side as it is written."""
        return str(self.value) if self.left is None else f"{self.left} {self.operator} {self.right}"


def make(ask: Ask) -> Item:
    """Level 1: two numbers and a sum or difference. 2: two steps, one stray statement. 3: three steps with products,
    the last of which uses an earlier value again, two strays. The images are in a drawn order. Each statement that the
    answer needs stands on one image, and another number there would give another answer.
    """
    draws = ask.draws("plan")
    needed = _chain(draws, ask.difficulty)
    while not all(_matters(needed, place) for place in range(len(needed) - 1)):  # terms that cancel
        needed = _chain(draws, ask.difficulty)
    names = [name for name in shuffled(draws, NAMES) if name not in {one.name for one in needed}]
    strays = []
    for _ in range(STRAYS[ask.difficulty]):
        if draws.chance(0.5):
            strays.append(Statement(names.pop(), draws.integer(2, 40)))
        else:
            one, two = sample(draws, needed, 2)
            strays.append(_combined(draws, names.pop(), one, two, ask.difficulty))
    order = shuffled(draws, [*needed, *strays])
    target = needed[-1]
    scenes = tuple(
        Scene(
            draws.choice(GIVEN if one.left is None else DEFINED).format(one.name, one.formula),
            ("chain", ask.seed, ask.difficulty, ask.ordinal, number),
        )
        for number, one in enumerate(order)
    )
    return Item(
        question=f"What is the value of {target.name}?",
        answer=str(target.value),
        scenes=scenes,
        evidence={
            "needed": sorted(order.index(one) for one in needed),
            "program": [f"{one.name} = {one.formula}" for one in order],
            "target": target.name,
            "steps": STEPS[ask.difficulty],
            "distractors": sorted(order.index(one) for one in strays),
        },
    )


def _chain(draws: Draws, level: int) -> list[Statement]:
    """The statements that the answer needs, the target last."""
    names = sample(draws, NAMES, 8)
    needed = [Statement(names.pop(), draws.integer(2, 40)) for _ in range(2)]
    for step in range(STEPS[level]):
        left, right = needed[-1], needed[-2]
        if step == 1:
            right = Statement(names.pop(), draws.integer(2, 9 if level == 3 else 30))
            needed.append(right)
        elif step == 2:
            right = draws.choice(needed[:-1])
        needed.append(_combined(draws, names.pop(), left, right, level))
    return needed


def _matters(chain: list[Statement], place: int) -> bool:
    """Whether the last value changes when the value at a place is one larger."""
    values: dict[str, int] = {}
    for number, one in enumerate(chain):
        value = one.value
        if one.left is not None:
            value = OPERATORS[one.operator](values[one.left], values[one.right])
        values[one.name] = value + (number == place)
    return values[chain[-1].name] != chain[-1].value


def _combined(draws: Draws, name: str, one: Statement, two: Statement, level: int) -> Statement:
    """A sum, difference or, in level 3, product; never negative, never above 400, and both operands matter."""
    left, right = (one, two) if draws.chance(0.5) else (two, one)
    sign = draws.choice("+-*" if level == 3 else "+-")
    if sign == "-" and left.value < right.value:
        left, right = right, left
    if sign == "*" and not (0 < left.value * right.value <= 400):
        sign = "+"
    return Statement(name, OPERATORS[sign](left.value, right.value), left.name, sign, right.name)


def render(scene: Scene) -> ColourImage:
    """320 x 240 pixels: the sentence in white on a dark strip over quiet scenery."""
    draws = Draws(*scene.key)
    picture = scenery(WIDTH, HEIGHT, draws)
    width, height = size([scene.sentence], SCALE)
    left, top = draws.integer(10, WIDTH - width - 10), draws.integer(12, HEIGHT - height - 12)
    rectangle(picture, left - 8, top - 8, width + 16, height + 16, (16, 16, 22))
    write(picture, scene.sentence, left, top, (255, 255, 255), SCALE)
    return picture

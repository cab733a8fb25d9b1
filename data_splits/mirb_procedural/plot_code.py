"""plot_code: which of four code screenshots made a plot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from data_splits.mirb_procedural.drawing.code import screenshot
from data_splits.mirb_procedural.drawing.plots import Series, draw
from data_splits.mirb_procedural.item import Ask, Item, sample, shuffled, with_options
from data_splits.phantom.draws import Draws
from data_splits.question import ColourImage

WORDS = ("First", "Second", "Third", "Fourth")
KINDS = ("plot", "bar", "scatter")
HUES = ("red", "green", "blue", "orange", "purple", "black")
FORMULAS: dict[str, tuple[str, Callable[[int, int, int], int]]] = {
    "line": ("{m} * v + {c}", lambda v, m, c: m * v + c),
    "fall": ("{d} - {m} * v", lambda v, m, c: 20 + c - m * v),
    "bowl": ("(v - {c}) ** 2 + {m}", lambda v, m, c: (v - c) ** 2 + m),
    "saw": ("v % {m} + {c}", lambda v, m, c: v % m + c),
    "tent": ("{m} * abs(v - {c})", lambda v, m, c: m * abs(v - c)),
}


@dataclass(frozen=True)
class Spec:
    """A program that makes a plot: formula with its two constants, range of x, and how the series is drawn."""

    kind: str
    formula: str
    m: int
    c: int
    start: int
    stop: int
    colour: str
    marker: str
    dashed: bool
    grid: bool

    @property
    def source(self) -> str:
        """The program as matplotlib code."""
        look = [f'color="{self.colour}"']
        if self.kind != "bar":
            look.append(f'marker="{self.marker}"')
        if self.kind == "plot":
            look.append(f'linestyle="{"--" if self.dashed else "-"}"')
        gap = ",\n" + " " * (len(f"plt.{self.kind}("))
        lines = [
            f"x = list(range({self.start}, {self.stop}))",
            f"y = [{FORMULAS[self.formula][0].format(m=self.m, c=self.c, d=20 + self.c)} for v in x]",
            f"plt.{self.kind}(x, y{gap}{gap.join(look)})",
            f"plt.grid({self.grid})",
            "plt.show()",
        ]
        return "\n".join(lines) + "\n"

    @property
    def series(self) -> Series:
        """What the program plots. What a kind does not show (the marker of bars) is left at one value."""
        x = tuple(range(self.start, self.stop))
        y = tuple(FORMULAS[self.formula][1](v, self.m, self.c) for v in x)
        marker = "o" if self.kind == "bar" else self.marker
        return Series(self.kind, x, y, self.colour, marker, self.dashed and self.kind == "plot", self.grid)


@dataclass(frozen=True)
class Scene:
    """One image: a program, as its plot or as its code."""

    spec: Spec
    plot: bool


def make(ask: Ask) -> Item:
    """Level 1: four programs that differ in formula, colour and more. 2: every two differ in two of three features.
    3: two small features (a constant, the range, the marker, the line, the grid), each with two values.

    The four programs are the corners of a symmetric design: none is in the middle, so the code alone does not tell
    which one was drawn.
    """
    draws = ask.draws("plan")
    word = ask.balanced(WORDS)
    specs = _specs(draws, ask.difficulty)
    while len({spec.series for spec in specs}) < 4:
        specs = _specs(draws, ask.difficulty)
    specs = shuffled(draws, specs)
    right = specs[WORDS.index(word)]
    question = with_options(
        "The first image is a plot. The four images after it show code. Which of the four pieces of code, in this "
        "order, made the plot?",
        WORDS,
    )
    codes = "".join(f"{name} piece of code:\n{spec.source}\n" for name, spec in zip(WORDS, specs, strict=True))
    return Item(
        question=question,
        answer=word,
        choices=WORDS,
        scenes=(Scene(right, True), *(Scene(spec, False) for spec in specs)),
        text_question=f"Plot: {described(right.series)}\n\n{codes}{question}",
        evidence={
            "needed": [0],  # any one piece of code can be told from the other three
            "match": 1 + WORDS.index(word),
            "programs": [spec.source for spec in specs],
            "plot": {"x": list(right.series.x), "y": list(right.series.y)},
            "differ": sorted(_differing(specs)),
            "distractors": 3,
        },
    )


def described(series: Series) -> str:
    """A plot in words."""
    what = {"plot": "a line", "bar": "bars", "scatter": "separate points"}[series.kind]
    marks = {"o": "round", "s": "square", "^": "triangular"}[series.marker]
    look = "" if series.kind == "bar" else f" with {marks} markers"
    line = (", dashed" if series.dashed else ", solid") if series.kind == "plot" else ""
    points = ", ".join(f"({x}, {y})" for x, y in zip(series.x, series.y, strict=True))
    grid = "grid lines" if series.grid else "no grid"
    return f"{what} in {series.colour}{look}{line}, {grid}, through {points}."


def _differing(specs: list[Spec]) -> set[str]:
    return {name for name in Spec.__dataclass_fields__ if len({getattr(spec, name) for spec in specs}) > 1}


def _specs(draws: Draws, level: int) -> list[Spec]:
    base = _base(draws)
    if level == 1:
        formulas, hues = sample(draws, list(FORMULAS), 4), sample(draws, HUES, 4)
        return [
            replace(base, formula=formula, colour=hue, kind=draws.choice(KINDS), grid=draws.chance(0.5))
            for formula, hue in zip(formulas, hues, strict=True)
        ]
    if level == 2:
        features = sample(draws, [_kind, _colour, _formula, _constant, _grid], 3)
        ways = [feature(draws, base) for feature in features]
        corners = ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0))
    else:
        small = [_constant, _factor, _range, _grid]
        small += [_marker] if base.kind != "bar" else []
        small += [_dashes] if base.kind == "plot" else []
        ways = [feature(draws, base) for feature in sample(draws, small, 2)]
        corners = ((0, 0), (0, 1), (1, 0), (1, 1))  # type: ignore[assignment]
    specs = []
    for corner in corners:
        changes: dict[str, Any] = {}
        for change, on in zip(ways, corner, strict=True):
            changes |= change if on else {}
        specs.append(replace(base, **changes))
    return specs


def _base(draws: Draws) -> Spec:
    return Spec(
        kind=draws.choice(KINDS),
        formula=draws.choice(list(FORMULAS)),
        m=draws.integer(2, 4),
        c=draws.integer(1, 5),
        start=draws.integer(0, 2),
        stop=draws.integer(7, 9),
        colour=draws.choice(HUES),
        marker=draws.choice(("o", "s", "^")),
        dashed=draws.chance(0.5),
        grid=draws.chance(0.5),
    )


def _kind(draws: Draws, base: Spec) -> dict[str, Any]:
    return {"kind": draws.choice([kind for kind in KINDS if kind != base.kind])}


def _colour(draws: Draws, base: Spec) -> dict[str, Any]:
    return {"colour": draws.choice([hue for hue in HUES if hue != base.colour])}


def _formula(draws: Draws, base: Spec) -> dict[str, Any]:
    return {"formula": draws.choice([name for name in FORMULAS if name != base.formula])}


def _constant(draws: Draws, base: Spec) -> dict[str, Any]:
    return {"c": base.c + 2 if base.c < 4 else base.c - 2}


def _factor(draws: Draws, base: Spec) -> dict[str, Any]:
    return {"m": base.m + 1 if base.m < 4 else base.m - 1}


def _range(draws: Draws, base: Spec) -> dict[str, Any]:
    return draws.choice(({"start": base.start + 1}, {"stop": base.stop + 1}))


def _grid(draws: Draws, base: Spec) -> dict[str, Any]:
    return {"grid": not base.grid}


def _marker(draws: Draws, base: Spec) -> dict[str, Any]:
    return {"marker": draws.choice([marker for marker in ("o", "s", "^") if marker != base.marker])}


def _dashes(draws: Draws, base: Spec) -> dict[str, Any]:
    return {"dashed": not base.dashed}


def render(scene: Scene) -> ColourImage:
    """380 x 300 pixels (plot) or about 460 x 180 (code)."""
    return draw(scene.spec.series) if scene.plot else screenshot(scene.spec.source)

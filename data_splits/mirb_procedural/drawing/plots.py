"""A tiny plotter: one series of whole numbers as a line, bars or points, with axes that can be read exactly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from data_splits.mirb_procedural.drawing.canvas import Colour, blank, frame, rectangle, segment, stamp
from data_splits.mirb_procedural.drawing.icons import icon
from data_splits.mirb_procedural.drawing.palette import COLOURS, INK
from data_splits.mirb_procedural.drawing.text import ADVANCE, write
from data_splits.question import ColourImage

WIDTH, HEIGHT = 380, 300
LEFT, TOP, RIGHT, BOTTOM = 58, 16, 366, 262
LINES: Colour = (205, 208, 214)
MARKERS = {"o": "circle", "s": "square", "^": "triangle"}
TICKS = 7


@dataclass(frozen=True)
class Series:
    """What a plot shows.

    Attributes:
        kind: "plot", "bar" or "scatter".
        x: consecutive whole numbers. y: whole numbers.
        colour: a name of the palette. marker: "o", "s" or "^". dashed: a line in pieces. grid: lines at the ticks.
    """

    kind: str
    x: tuple[int, ...]
    y: tuple[int, ...]
    colour: str
    marker: str
    dashed: bool
    grid: bool


def axis(low: int, high: int) -> tuple[int, int, int]:
    """Start, end and step of an axis: the smallest step of 1, 2, 5, 10, ... with at most TICKS intervals."""
    step, turn = 1, 0
    while True:
        start, end = low // step * step, -(-high // step) * step
        if end - start <= TICKS * step:
            return start, max(end, start + step), step
        step, turn = (step * 5 // 2, 2) if turn == 1 else (step * 2, (turn + 1) % 3)


def draw(series: Series) -> ColourImage:
    """380 x 300 pixels; tick labels 10 x 14 pixels."""
    picture = blank(WIDTH, HEIGHT)
    low = min(series.y) if series.kind != "bar" else min(0, *series.y)
    start, end, step = axis(low, max(series.y))

    def down(value: int) -> int:
        return BOTTOM - 8 - (value - start) * (BOTTOM - TOP - 16) // (end - start)

    def across(number: int) -> int:
        return LEFT + (2 * number + 1) * (RIGHT - LEFT) // (2 * len(series.x))

    for value in range(start, end + 1, step):
        if series.grid:
            rectangle(picture, LEFT, down(value), RIGHT - LEFT, 2, LINES)
        rectangle(picture, LEFT - 6, down(value), 6, 2, INK)
        label = str(value)
        write(picture, label, LEFT - 10 - len(label) * 2 * ADVANCE, down(value) - 7, INK, 2)
    for number, value in enumerate(series.x):
        if series.grid:
            rectangle(picture, across(number), TOP, 2, BOTTOM - TOP, LINES)
        rectangle(picture, across(number), BOTTOM, 2, 6, INK)
        label = str(value)
        write(picture, label, across(number) - len(label) * ADVANCE + 1, BOTTOM + 10, INK, 2)
    points = [(across(number), down(value)) for number, value in enumerate(series.y)]
    paint = COLOURS[series.colour]
    if series.kind == "bar":
        wide = (RIGHT - LEFT) * 2 // (3 * len(points))
        for x, y in points:
            rectangle(picture, x - wide // 2, min(y, down(0)), wide, abs(y - down(0)) + 2, paint)
    if series.kind == "plot":
        for one, two in pairwise(points):
            _line(picture, one, two, series.dashed, paint)
    if series.kind != "bar":
        for x, y in points:
            stamp(picture, icon(MARKERS[series.marker], 16), x - 8, y - 8, paint)
    frame(picture, LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP, 2, INK)
    return picture


def _line(picture: ColourImage, one: tuple[int, int], two: tuple[int, int], dashed: bool, paint: Colour) -> None:
    if not dashed:
        segment(picture, one, two, 3, paint)
        return
    dx, dy = two[0] - one[0], two[1] - one[1]
    pieces = max(3, (abs(dx) + abs(dy)) // 9) | 1  # odd: a piece at both ends
    for piece in range(0, pieces, 2):
        ends = [(one[0] + dx * place // pieces, one[1] + dy * place // pieces) for place in (piece, piece + 1)]
        segment(picture, ends[0], ends[1], 3, paint)

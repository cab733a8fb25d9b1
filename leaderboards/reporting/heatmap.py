"""Heat map: groups by metrics, coloured by one comparable shade, with hatched cells where a number is undefined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from leaderboards.reporting.svg import Drawing, Figure

LABEL_WIDTH, COUNT_WIDTH = 178.0, 46.0
ROW, HEAD_LINE, FOOT = 27.0, 13.0, 52.0
SWATCH = 42.0
MOST_CELL = 84.0
SMALLEST, LARGEST, WIDE = 8.5, 11.0, 0.68
"""Sizes of the headers' letters, and how wide one is for its size in a wide font."""
STEPS = 4
"""Colour classes on either side of neutral."""


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell.

    Attributes:
        text: the number. shade: -1 (best colour) to 1 (worst colour), None for a number without colour.
        tip: shown on hovering. undefined: hatched; `tip` says why.
    """

    text: str = ""
    shade: float | None = None
    tip: str = ""
    undefined: bool = False


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A group with a cell for each column."""

    label: str
    count: str
    cells: tuple[HeatCell, ...]
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Legend:
    """Words at the two ends and the middle of the colour scale."""

    best: str
    middle: str
    worst: str


def heatmap(
    name: str, title: str, columns: Sequence[str], rows: Sequence[HeatRow], legend: Legend, width: float = 1030
) -> Figure:
    """Draw a heat map.

    Args:
        name: file stem and id, unique on the page. columns: short headers; they wrap at spaces.
    """
    start = LABEL_WIDTH + COUNT_WIDTH + 12
    cell = min(MOST_CELL, (width - start - 4) / max(1, len(columns)))
    width = max(start + cell * len(columns) + 4, start + SWATCH * (2 * STEPS + 1) + 275)
    word = max((len(word) for column in columns for word in column.split()), default=1)
    size = max(SMALLEST, min(LARGEST, (cell - 2) / (WIDE * word)))
    headers = [wrapped(column, max(6, int(cell / (WIDE * size)))) for column in columns]
    head = 22 + HEAD_LINE * max(len(lines) for lines in headers) if headers else 22.0
    height = head + ROW * len(rows) + FOOT
    drawing = Drawing(
        width, height, title, f"{len(rows)} groups by {len(columns)} metrics; the numbers stand in the table."
    )
    pattern = f"{name}-hatch"
    drawing.hatching(pattern)
    drawing.text(LABEL_WIDTH + COUNT_WIDTH, head - 10, "images", "f-muted", 11, "end")
    for index, (column, lines) in enumerate(zip(columns, headers, strict=True)):
        for line, text in enumerate(lines):
            y = head - 10 - HEAD_LINE * (len(lines) - 1 - line)
            drawing.text(start + cell * (index + 0.5), y, text, "f-strong", size, "middle", tip=column)
    top = head
    for row in rows:
        drawing.text(8, top + ROW / 2 + 4, row.label, "f-strong" if row.strong else "", 12.5)
        drawing.text(LABEL_WIDTH + COUNT_WIDTH, top + ROW / 2 + 4, row.count, "f-muted", 11.5, "end")
        for index, each in enumerate(row.cells):
            _cell(drawing, each, start + cell * index, top, cell, pattern)
        top += ROW
    _legend(drawing, legend, start, height, pattern)
    return drawing.figure(name)


def step(shade: float) -> int:
    """The colour class of a shade, -4 to 4."""
    return max(-STEPS, min(STEPS, math.floor(abs(shade) * STEPS + 0.5) * (1 if shade > 0 else -1)))


def wrapped(text: str, longest: int) -> list[str]:
    """At most three lines broken at spaces; what is still too long is cut with an ellipsis."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= longest:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > 3:
        lines = [*lines[:2], " ".join(lines[2:])]
    return [line if len(line) <= longest + 2 else line[: longest + 1] + "…" for line in lines]


def _cell(drawing: Drawing, cell: HeatCell, left: float, top: float, width: float, pattern: str) -> None:
    if cell.undefined:
        drawing.rect(left + 1, top + 1, width - 2, ROW - 2, "", 3, cell.tip, f"url(#{pattern})")
        return
    index = 0 if cell.shade is None else step(cell.shade)
    drawing.rect(left + 1, top + 1, width - 2, ROW - 2, "hx" if cell.shade is None else f"h{index}", 3, cell.tip)
    drawing.text(left + width / 2, top + ROW / 2 + 4, cell.text, f"t{index} f-cell", 11.5, "middle")


def _legend(drawing: Drawing, legend: Legend, left: float, height: float, pattern: str) -> None:
    y = height - 36
    whole = SWATCH * (2 * STEPS + 1)
    for index in range(-STEPS, STEPS + 1):
        drawing.rect(left + SWATCH * (index + STEPS), y, SWATCH - 1, 11, f"h{index}", 2)
    drawing.text(left, y + 26, legend.best, "f-muted", 11)
    drawing.text(left + whole / 2, y + 26, legend.middle, "f-muted", 11, "middle")
    drawing.text(left + whole, y + 26, legend.worst, "f-muted", 11, "end")
    right = left + whole + 30
    drawing.rect(right, y - 1, 25, 13, "", 2, fill=f"url(#{pattern})")
    drawing.text(right + 32, y + 9, "undefined (hover for the reason)", "f-muted", 11)

"""Forest plot: value, interval and floor of every group, one panel for each metric, all panels sharing the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboards.reporting.heatmap import wrapped
from leaderboards.reporting.scales import Scale, scale_for
from leaderboards.reporting.svg import Drawing, Figure

LABEL_WIDTH, COUNT_WIDTH, GAP = 178.0, 46.0, 26.0
ROW, HEAD, FOOT = 23.0, 50.0, 52.0
LINE, LETTER = 16.0, 9.0
"""Height of a further line of a title, and width of its letters in a wide font."""


@dataclass(frozen=True, slots=True)
class Estimated:
    """A value with its interval, where it has one; `centre` is a bias-corrected value that the interval belongs to."""

    value: float
    low: float | None = None
    high: float | None = None
    centre: float | None = None


@dataclass(frozen=True, slots=True)
class ForestCell:
    """One group in one panel.

    Attributes:
        main: the filled dot. matched: the ring at equal n. floor: real against real. None where undefined.
        tip: shown on hovering. reason: why `main` is undefined.
    """

    main: Estimated | None = None
    matched: Estimated | None = None
    floor: Estimated | None = None
    tip: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ForestRow:
    """A group: its label and number of images, and whether a rule stands above it."""

    label: str
    count: str = ""
    strong: bool = False
    ruled: bool = False


@dataclass(frozen=True, slots=True)
class ForestWords:
    """What the marks of a plot stand for: the column of counts, dots, rings and bars."""

    counts: str = "images"
    main: str = "generated, with 95 % interval"
    matched: str = "at equal n in every group"
    floor: str = "real images against real images (floor)"


@dataclass(frozen=True, slots=True)
class ForestPanel:
    """A metric: its title, which way is better, and a cell for each row."""

    title: str
    direction: str
    cells: tuple[ForestCell, ...]


def forest(
    name: str,
    title: str,
    rows: Sequence[ForestRow],
    panels: Sequence[ForestPanel],
    width: float = 1030,
    matched_note: str = "",
    words: ForestWords | None = None,
) -> Figure:
    """Draw a forest plot.

    Args:
        name: file stem and id, unique on the page. matched_note: what the rings are, for example "at equal n (24)".
        words: what the marks stand for, where they are not generated and real images.
    """
    words = words or ForestWords()
    for panel in panels:
        if len(panel.cells) != len(rows):
            raise ValueError(f"panel {panel.title} has {len(panel.cells)} cells for {len(rows)} rows")
    start = LABEL_WIDTH + COUNT_WIDTH + GAP
    each = (width - start - GAP * (len(panels) - 1) - 8) / max(1, len(panels))
    titles = [wrapped(panel.title, int((each + GAP / 2) / LETTER)) for panel in panels]
    head = HEAD + LINE * (max(map(len, titles), default=1) - 1)
    height = head + ROW * len(rows) + FOOT
    drawing = Drawing(
        width, height, title, f"{len(rows)} groups, {len(panels)} metrics; the numbers stand in the table."
    )
    _rows(drawing, rows, width, words.counts, head)
    for index, (panel, lines) in enumerate(zip(panels, titles, strict=True)):
        left = start + index * (each + GAP)
        _panel(drawing, panel, lines, left, left + each, height, head)
    _legend(drawing, panels, height, matched_note or words.matched, words)
    return drawing.figure(name)


def _rows(drawing: Drawing, rows: Sequence[ForestRow], width: float, counts: str, head: float) -> None:
    drawing.text(LABEL_WIDTH + COUNT_WIDTH, head - 12, counts, "f-muted", 11, "end")
    for index, row in enumerate(rows):
        y = head + ROW * index
        if index % 2 == 0:
            drawing.rect(0, y, width, ROW, "f-band")
        if row.ruled:
            drawing.line(0, y, width, y, "s-axis", 0.8)
        drawing.text(8, y + ROW / 2 + 4, row.label, "f-strong" if row.strong else "", 12.5)
        drawing.text(LABEL_WIDTH + COUNT_WIDTH, y + ROW / 2 + 4, row.count, "f-muted", 11.5, "end")


def _panel(
    drawing: Drawing, panel: ForestPanel, lines: list[str], left: float, right: float, height: float, head: float
) -> None:
    estimates = [each for cell in panel.cells for each in (cell.main, cell.matched, cell.floor) if each is not None]
    ends = [end for each in estimates for end in (each.low, each.high) if end is not None]
    scale = scale_for([each.value for each in estimates], ends, left, right)
    bottom = height - FOOT
    for line, text in enumerate(lines):
        drawing.text(left, head - 28 - LINE * (len(lines) - 1 - line), text, "f-strong", 13, tip=panel.title)
    better = {"lower": "← better", "higher": "better →", "zero": "better towards 0"}[panel.direction]
    drawing.text(left, head - 12, better, "f-muted", 11)
    for value, label in scale.ticks(max(2, int((right - left) / 40))) if estimates else []:
        drawing.line(scale(value), head, scale(value), bottom, "s-grid")
        drawing.text(scale(value), bottom + 15, label, "f-muted", 11, "middle")
    drawing.line(left, bottom, right, bottom, "s-axis")
    for index, cell in enumerate(panel.cells):
        _cell(drawing, cell, scale, head + ROW * (index + 0.5))


def _cell(drawing: Drawing, cell: ForestCell, scale: Scale, y: float) -> None:
    if cell.floor is not None:
        x = scale(cell.floor.value)
        drawing.line(x, y - 8, x, y + 8, "s-floor", 2.4)
    if cell.main is None:
        if cell.reason:
            drawing.text(scale.left + 4, y + 4, "undefined", "f-faint", 11, tip=cell.reason)
        return
    shift = 3.5 if cell.matched is not None else 0.0
    if cell.matched is not None:
        _interval(drawing, cell.matched, scale, y + shift + 1, 1)
        drawing.circle(scale(cell.matched.value), y + shift + 1, 3.1, "s-hollow", cell.tip, 1.4)
    _interval(drawing, cell.main, scale, y - shift, 2)
    drawing.circle(scale(cell.main.value), y - shift, 4.1, "f-accent", cell.tip)


def _interval(drawing: Drawing, estimated: Estimated, scale: Scale, y: float, width: float) -> None:
    if estimated.low is None or estimated.high is None:
        return
    drawing.line(scale(estimated.low), y, scale(estimated.high), y, "s-accent", width)
    if estimated.centre is not None:
        drawing.line(scale(estimated.centre), y - 4, scale(estimated.centre), y + 4, "s-accent", 1.4)
    for end, point in ((estimated.low, -1.0), (estimated.high, 1.0)):
        if not scale.holds(end):
            x = scale(end)
            drawing.polygon([(x + 5 * point, y), (x - 1 * point, y - 3.5), (x - 1 * point, y + 3.5)], "f-accent")


def _legend(
    drawing: Drawing, panels: Sequence[ForestPanel], height: float, matched_note: str, words: ForestWords
) -> None:
    y, x = height - 14, LABEL_WIDTH + COUNT_WIDTH + GAP
    cells = [cell for panel in panels for cell in panel.cells]
    if any(cell.main is not None and cell.main.low is not None for cell in cells):
        drawing.line(x, y - 4, x + 26, y - 4, "s-accent", 2)
    drawing.circle(x + 13, y - 4, 4.1, "f-accent")
    drawing.text(x + 32, y, words.main, "f-muted", 11)
    x += 32 + 6 * len(words.main)
    if any(cell.matched is not None for cell in cells):
        drawing.circle(x + 4, y - 4, 3.1, "s-hollow", width=1.4)
        drawing.text(x + 14, y, matched_note, "f-muted", 11)
        x += 30 + 6.2 * len(matched_note)
    if any(cell.floor is not None for cell in cells):
        drawing.line(x + 4, y - 12, x + 4, y + 4, "s-floor", 2.4)
        drawing.text(x + 14, y, words.floor, "f-muted", 11)

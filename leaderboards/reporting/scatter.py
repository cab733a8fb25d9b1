"""Models on two axes, with intervals and the Pareto front: fidelity against privacy, say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from leaderboards.reporting.forest import Estimated
from leaderboards.reporting.scales import Scale, scale_for
from leaderboards.reporting.svg import Drawing, Figure

LEFT, RIGHT, TOP, BOTTOM = 76.0, 150.0, 34.0, 58.0


@dataclass(frozen=True, slots=True)
class Axis:
    """Title of an axis and which way is better: "lower", "higher" or "zero"."""

    title: str
    direction: str


@dataclass(frozen=True, slots=True)
class Point:
    """A model. on_front: nothing else is at least as good on both axes and better on one."""

    label: str
    x: Estimated
    y: Estimated
    on_front: bool
    tip: str = ""


def scatter(
    name: str, title: str, x: Axis, y: Axis, points: Sequence[Point], width: float = 760, height: float = 440
) -> Figure:
    """Draw the points with their intervals; those on the front are filled and joined by a dashed line."""
    drawing = Drawing(width, height, title, f"{len(points)} models; the numbers stand in the table.")
    across = _scale([point.x for point in points], LEFT, width - RIGHT)
    up = _scale([point.y for point in points], height - BOTTOM, TOP)
    _axes(drawing, across, up, x, y, width, height)
    front = sorted((point for point in points if point.on_front), key=lambda point: point.x.value)
    for one, other in pairwise(front):
        ends = (across(one.x.value), up(one.y.value), across(other.x.value), up(other.y.value))
        drawing.line(*ends, "s-floor", 1, "4 4")
    taken: list[tuple[float, float]] = []
    for point in points:
        _point(drawing, point, across, up)
        left, base = across(point.x.value) + 9, up(point.y.value) + 4
        while any(abs(left - other) < 90 and abs(base - line) < 13 for other, line in taken):
            base += 13
        taken.append((left, base))
        drawing.text(left, base, point.label, "f-strong" if point.on_front else "f-muted", 12)
    drawing.text(LEFT, 16, "filled: on the Pareto front; bars: 95 % intervals", "f-muted", 11)
    return drawing.figure(name)


def _scale(values: Sequence[Estimated], start: float, end: float) -> Scale:
    ends = [limit for each in values for limit in (each.low, each.high) if limit is not None]
    return scale_for([each.value for each in values], ends, start, end)


def _axes(drawing: Drawing, across: Scale, up: Scale, x: Axis, y: Axis, width: float, height: float) -> None:
    bottom = height - BOTTOM
    for value, label in across.ticks(6):
        drawing.line(across(value), TOP, across(value), bottom, "s-grid")
        drawing.text(across(value), bottom + 16, label, "f-muted", 11, "middle")
    for value, label in up.ticks(6):
        drawing.line(LEFT, up(value), width - RIGHT, up(value), "s-grid")
        drawing.text(LEFT - 8, up(value) + 4, label, "f-muted", 11, "end")
    drawing.line(LEFT, bottom, width - RIGHT, bottom, "s-axis")
    drawing.line(LEFT, TOP, LEFT, bottom, "s-axis")
    better = {"lower": "← better", "higher": "better →", "zero": "better towards 0"}
    drawing.text(
        (LEFT + width - RIGHT) / 2, height - 14, f"{x.title}  ({better[x.direction]})", "f-strong", 12.5, "middle"
    )
    middle = (TOP + bottom) / 2
    drawing.text(20, middle, f"{y.title}  ({better[y.direction]})", "f-strong", 12.5, "middle", rotate=-90)


def _point(drawing: Drawing, point: Point, across: Scale, up: Scale) -> None:
    x, y = across(point.x.value), up(point.y.value)
    if point.x.low is not None and point.x.high is not None:
        drawing.line(across(point.x.low), y, across(point.x.high), y, "s-accent", 1.4)
    if point.y.low is not None and point.y.high is not None:
        drawing.line(x, up(point.y.low), x, up(point.y.high), "s-accent", 1.4)
    if point.on_front:
        drawing.circle(x, y, 4.6, "f-accent", point.tip)
    else:
        drawing.circle(x, y, 4.2, "s-hollow", point.tip, 1.5)

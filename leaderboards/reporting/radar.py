"""Radar: one axis for each category or task, from 0 in the middle to 1 at the rim; a band shows the interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from leaderboards.reporting.svg import Drawing, Figure

RINGS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class RadarSeries:
    """One outline.

    Attributes:
        label: for the legend. values: one in [0, 1] for each axis, None where undefined (the outline then has a gap).
        lows, highs: interval of each value, or () for none. css: "1" to "4", the colour; dashed: for a baseline.
    """

    label: str
    values: tuple[float | None, ...]
    lows: tuple[float | None, ...] = ()
    highs: tuple[float | None, ...] = ()
    css: str = "1"
    dashed: bool = False


def radar(name: str, title: str, axes: Sequence[str], series: Sequence[RadarSeries], size: float = 500) -> Figure:
    """Draw a radar plot.

    Args:
        name: file stem and id, unique on the page. axes: labels, clockwise from the top; at least three.

    Raises:
        ValueError: fewer than three axes, or a series of another length.
    """
    if len(axes) < 3:
        raise ValueError(f"a radar needs three axes, not {len(axes)}")
    for each in series:
        if len(each.values) != len(axes):
            raise ValueError(f"series {each.label} has {len(each.values)} values for {len(axes)} axes")
    radius = size / 2 - 20 - 7.2 * max(len(axis) for axis in axes)
    height = 2 * radius + 96
    drawing = Drawing(size, height, title, f"{len(axes)} axes from 0 to 1; the numbers stand in the table.")
    centre = (size / 2, radius + 32)
    for ring in RINGS:
        drawing.polyline(
            [_point(centre, radius, index, len(axes), ring) for index in (*range(len(axes)), 0)], "s-grid", 1
        )
        x, y = _point(centre, radius, 0, len(axes), ring)
        drawing.text(x + 4, y + 11, f"{100 * ring:.0f} %", "f-faint", 10)
    for index, axis in enumerate(axes):
        x, y = _point(centre, radius, index, len(axes), 1.0)
        drawing.line(*centre, x, y, "s-grid", 1)
        _label(drawing, centre, radius, index, len(axes), axis)
    for each in series:
        if each.lows and each.highs:
            _band(drawing, centre, radius, each)
    for each in series:
        _outline(drawing, centre, radius, each, axes)
    _legend(drawing, series, height - 10)
    return drawing.figure(name)


def _point(centre: tuple[float, float], radius: float, index: int, count: int, value: float) -> tuple[float, float]:
    angle = 2 * math.pi * index / count - math.pi / 2
    return centre[0] + radius * value * math.cos(angle), centre[1] + radius * value * math.sin(angle)


def _label(drawing: Drawing, centre: tuple[float, float], radius: float, index: int, count: int, text: str) -> None:
    x, y = _point(centre, radius, index, count, 1.0)
    x, y = x + (x - centre[0]) / radius * 10, y + (y - centre[1]) / radius * 10
    side = x - centre[0]
    anchor = "middle" if abs(side) < 4 else "start" if side > 0 else "end"
    drawing.text(x, y + 4, text, "f-strong", 12, anchor)


def _band(drawing: Drawing, centre: tuple[float, float], radius: float, series: RadarSeries) -> None:
    """The interval as a stroke along each axis: an area between two outlines would claim values between the axes."""
    count = len(series.values)
    for index, (low, high) in enumerate(zip(series.lows, series.highs, strict=True)):
        if low is None or high is None:
            continue
        start = _point(centre, radius, index, count, max(0.0, low))
        end = _point(centre, radius, index, count, min(1.0, high))
        drawing.line(*start, *end, f"s-series{series.css}", 4)


def _outline(
    drawing: Drawing, centre: tuple[float, float], radius: float, series: RadarSeries, axes: Sequence[str]
) -> None:
    count = len(series.values)
    points = [
        None if value is None else _point(centre, radius, index, count, min(1.0, max(0.0, value)))
        for index, value in enumerate(series.values)
    ]
    for index in range(count):
        one, other = points[index], points[(index + 1) % count]
        if one is not None and other is not None:
            drawing.line(*one, *other, f"s-series{series.css}", 2, "4 4" if series.dashed else "")
    for point, value, axis in zip(points, series.values, axes, strict=True):
        if point is not None and value is not None and not series.dashed:
            drawing.circle(*point, 3.6, f"f-series{series.css}", f"{axis}: {100 * value:.1f} %")


def _legend(drawing: Drawing, series: Sequence[RadarSeries], y: float) -> None:
    width = sum(40 + 6.6 * len(each.label) for each in series)
    x = max(8.0, (drawing.width - width) / 2)
    for each in series:
        drawing.line(x, y - 4, x + 22, y - 4, f"s-series{each.css}", 2, "4 4" if each.dashed else "")
        drawing.text(x + 28, y, each.label, "f-muted", 11)
        x += 40 + 6.6 * len(each.label)

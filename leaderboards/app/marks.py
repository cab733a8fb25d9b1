"""Small drawings for cells: an interval on the axis of its column, and the ranks that tests leave open."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from leaderboards.reporting.numbers import interval_centre
from leaderboards.reporting.scales import Scale, scale_for
from leaderboards.reporting.svg import Drawing, Figure

WIDTH, HEIGHT = 96.0, 14.0
RANK_WIDTH = 72.0
MOST_DOTS = 12
"""Places that a rank mark shows one by one; more are a line."""


def axis(rows: Iterable[dict[str, Any]], floors: Iterable[float] = ()) -> Scale:
    """The axis that all intervals of a column share."""
    held = [row for row in rows if row["value"] is not None]
    ends = [row[end] for row in held for end in ("low", "high") if row[end] is not None]
    return scale_for([*(row["value"] for row in held), *floors], ends, 5, WIDTH - 5)


def centre(row: dict[str, Any]) -> float | None:
    """The number that a result's interval stands around, where that is not its value."""
    if row["low"] is None or "bias_corrected" not in row.get("extra", ""):
        return None
    return interval_centre(row["method"], json.loads(row["extra"]))


def interval(row: dict[str, Any], scale: Scale, floor: float | None = None) -> Figure:
    """Dot and interval of a result; a short upright line marks the floor, a thin one a bias-corrected value."""
    drawing = Drawing(WIDTH, HEIGHT, "interval")
    y = HEIGHT / 2
    drawing.line(4, y, WIDTH - 4, y, "s-grid", 1)
    if floor is not None:
        drawing.line(scale(floor), 1, scale(floor), HEIGHT - 1, "s-floor", 2)
    if row["low"] is not None and row["high"] is not None:
        drawing.line(scale(row["low"]), y, scale(row["high"]), y, "s-accent", 3)
        if (middle := centre(row)) is not None:
            drawing.line(scale(middle), y - 4, scale(middle), y + 4, "s-accent", 1.4)
        for end, point in ((row["low"], -1.0), (row["high"], 1.0)):
            if not scale.holds(end):
                x = scale(end)
                drawing.polygon([(x + 4 * point, y), (x, y - 3.5), (x, y + 3.5)], "f-accent")
    drawing.circle(scale(row["value"]), y, 3.6, "f-accent")
    return drawing.figure("interval")


def places(low: int, high: int, total: int) -> Figure:
    """The ranks from `low` to `high` among `total`, filled, as dots on a line."""
    drawing = Drawing(RANK_WIDTH, HEIGHT, f"rank {low} to {high} of {total}")
    scale = Scale(1, max(2, total), 6, RANK_WIDTH - 6)
    y = HEIGHT / 2
    drawing.line(6, y, RANK_WIDTH - 6, y, "s-grid", 1)
    if total <= MOST_DOTS:
        for place in range(1, total + 1):
            drawing.circle(scale(place), y, 2, "f-track")
    if high > low:
        drawing.line(scale(low), y, scale(high), y, "s-accent", 6)
    for place in {low, high}:
        drawing.circle(scale(place), y, 4, "f-accent")
    return drawing.figure("places")

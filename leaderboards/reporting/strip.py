"""A small strip for a card: where the value lies against the floor."""

from __future__ import annotations

from leaderboards.reporting.forest import Estimated
from leaderboards.reporting.scales import Scale
from leaderboards.reporting.svg import Drawing, Figure

WIDTH, HEIGHT = 300.0, 34.0


def strip(
    name: str, title: str, main: Estimated, floor: Estimated | None, direction: str, floor_word: str = "real"
) -> Figure:
    """Draw value, interval and floor on one axis that begins at zero (0 to 1 for shares such as precision).

    Args:
        floor_word: what the floor is, below its mark.
    """
    numbers = [end for each in (main, floor) if each is not None for end in (each.value, each.low, each.high)]
    ends = [end for end in numbers if end is not None]
    share = direction == "higher" and min(ends) >= 0 and max(ends) <= 1
    low, high = min(0.0, *ends), 1.0 if share else (max(0.0, *ends) * 1.08 or 1.0)
    scale = Scale(low, high, 6, WIDTH - 6)
    drawing = Drawing(WIDTH, HEIGHT, title)
    y = 12.0
    drawing.rect(4, y - 2.5, WIDTH - 8, 5, "f-track", 2.5)
    if floor is not None:
        x = scale(floor.value)
        drawing.line(x, y - 8, x, y + 8, "s-floor", 2.6)
        anchor = "start" if x < 46 else "end" if x > WIDTH - 46 else "middle"
        drawing.text({"start": 2.0, "end": WIDTH - 2}.get(anchor, x), y + 21, floor_word, "f-floor", 11, anchor)
    if main.low is not None and main.high is not None:
        drawing.line(scale(main.low), y, scale(main.high), y, "s-accent", 5)
    if main.centre is not None:
        drawing.line(scale(main.centre), y - 6, scale(main.centre), y + 6, "s-accent", 1.6)
    drawing.circle(scale(main.value), y, 5.2, "f-accent")
    return drawing.figure(name)

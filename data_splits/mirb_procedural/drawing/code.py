"""Screenshots of source code: a tab with the file name, line numbers, and colours for keywords and numbers."""

from __future__ import annotations

import re

from data_splits.mirb_procedural.drawing.canvas import Colour, blank, rectangle
from data_splits.mirb_procedural.drawing.text import ADVANCE, LEADING, write
from data_splits.question import ColourImage

SCALE = 2
PAPER: Colour = (30, 33, 40)
BAR: Colour = (52, 57, 68)
TEXT: Colour = (224, 226, 230)
FAINT: Colour = (120, 126, 140)
PAINT: tuple[tuple[str, Colour], ...] = (
    (r"\b(?:def|return|from|import|for|in|if|else|while|True|False)\b", (214, 142, 232)),
    (r"\b\d+\b", (245, 190, 110)),
    (r'"[^"]*"', (150, 214, 130)),
)


def screenshot(source: str, title: str = "", least_columns: int = 30) -> ColourImage:
    """Source text as a picture, as wide and high as it needs."""
    lines = source.rstrip("\n").split("\n")
    columns = max(least_columns, max(map(len, lines)) + 5)
    step_x, step_y = ADVANCE * SCALE, LEADING * SCALE
    head = 40 if title else 0
    picture = blank(columns * step_x + 16, head + len(lines) * step_y + 20, PAPER)
    if title:
        rectangle(picture, 0, 0, picture.shape[1], head - 6, BAR)
        write(picture, title, 12, 8, TEXT, SCALE)
    for number, line in enumerate(lines):
        top = head + 10 + number * step_y
        write(picture, f"{number + 1:>2}", 8, top, FAINT, SCALE)
        left = 8 + 4 * step_x
        if line.strip():
            write(picture, line, left, top, TEXT, SCALE)
        for pattern, colour in PAINT:
            for match in re.finditer(pattern, line):
                write(picture, match[0], left + match.start() * step_x, top, colour, SCALE)
    return picture

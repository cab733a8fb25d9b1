"""Writing with the bitmap font: every glyph takes 6 x 11 dots, times a whole scale."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from data_splits.mirb_procedural.drawing.canvas import Colour
from data_splits.mirb_procedural.drawing.glyphs import GLYPHS, HEIGHT, WIDTH
from data_splits.question import ColourImage

ADVANCE, LEADING = WIDTH + 1, HEIGHT + 2


@cache
def table() -> NDArray[np.bool_]:
    """All glyphs, bool[128, LEADING, ADVANCE]; a character without a glyph has no dots."""
    dots = np.zeros((128, LEADING, ADVANCE), np.bool_)
    for character, rows in GLYPHS.items():
        for y, digit in enumerate(rows):
            bits = int(digit, 32)
            dots[ord(character), y, :WIDTH] = [bool(bits >> (WIDTH - 1 - x) & 1) for x in range(WIDTH)]
    return dots


def block(lines: Sequence[str], scale: int = 1) -> NDArray[np.bool_]:
    """The dots of some lines of text, bool[lines * LEADING * scale, longest * ADVANCE * scale].

    Raises:
        ValueError: a character has no glyph: it would vanish from the picture.
    """
    longest = max((len(line) for line in lines), default=0)
    unknown = {character for line in lines for character in line} - GLYPHS.keys()
    if unknown:
        raise ValueError(f"no glyph for {sorted(unknown)}")
    codes = np.array([[ord(character) for character in line.ljust(longest)] for line in lines], np.intp)
    dots = table()[codes.reshape(len(lines), longest)].transpose(0, 2, 1, 3)
    flat = dots.reshape(len(lines) * LEADING, longest * ADVANCE)
    return flat.repeat(scale, 0).repeat(scale, 1)


def size(lines: Sequence[str], scale: int = 1) -> tuple[int, int]:
    """Width and height in pixels that some lines take, without the gap after the last glyph and below the last line."""
    longest = max((len(line) for line in lines), default=0)
    return max(0, longest * ADVANCE - 1) * scale, max(0, len(lines) * LEADING - 2) * scale


def write(
    picture: ColourImage, lines: str | Sequence[str], left: int, top: int, colour: Colour, scale: int = 1
) -> None:
    """Write lines of text with their top left corner at (left, top).

    Raises:
        ValueError: the text does not lie within the picture: it could not be read.
    """
    rows = [lines] if isinstance(lines, str) else list(lines)
    width, height = size(rows, scale)
    if left < 0 or top < 0 or left + width > picture.shape[1] or top + height > picture.shape[0]:
        raise ValueError(f"text of {width} x {height} at ({left}, {top}) leaves a picture of {picture.shape[1::-1]}")
    dots = block(rows, scale)[:height, :width]
    picture[top : top + height, left : left + width][dots] = colour


def wrap(text: str, columns: int) -> list[str]:
    """Text broken at spaces into lines of at most `columns` characters; a longer word keeps its own line."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(longer) > columns:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines

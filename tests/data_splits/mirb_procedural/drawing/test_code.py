"""Screenshots of code: every character can be read back from the pixels."""

from __future__ import annotations

import numpy as np
import procedural_items

from data_splits.mirb_procedural.drawing.code import BAR, PAPER, SCALE, screenshot
from data_splits.mirb_procedural.drawing.glyphs import GLYPHS
from data_splits.mirb_procedural.drawing.text import ADVANCE, LEADING, table
from data_splits.question import ColourImage

LEFT, HEAD = 8 + 4 * ADVANCE * SCALE, 50


def read_back(picture: ColourImage, lines: int) -> list[str]:
    """The code in a screenshot with a title, glyph by glyph."""
    shapes = {table()[ord(character)].tobytes(): character for character in GLYPHS}
    ink = (picture[HEAD::SCALE, LEFT::SCALE] != PAPER).any(axis=2)[: lines * LEADING]
    columns = ink.shape[1] // ADVANCE
    cells = ink[:, : columns * ADVANCE].reshape(lines, LEADING, columns, ADVANCE).transpose(0, 2, 1, 3)
    return ["".join(shapes[np.ascontiguousarray(cell).tobytes()] for cell in row).rstrip() for row in cells]


def test_the_code_is_legible_as_it_is() -> None:
    for item in procedural_items.items("codeu", 3, 6):
        for scene, picture in zip(item.scenes, procedural_items.pictures("codeu", item), strict=True):
            lines = scene.source.rstrip("\n").split("\n")
            assert read_back(picture, len(lines)) == lines


def test_size_follows_the_text_and_keywords_are_coloured() -> None:
    small, long = screenshot("x = 1\n"), screenshot("x = 1\n" * 4 + "value = " + "1 + " * 12 + "1\n", "main.py")
    assert small.shape[1] == 30 * ADVANCE * SCALE + 16
    assert long.shape[0] > small.shape[0] + 4 * LEADING * SCALE
    assert (long[2, 2] == BAR).all()
    colours = {tuple(pixel) for pixel in screenshot('return "a"\n').reshape(-1, 3)}
    assert {(214, 142, 232), (150, 214, 130)} <= colours

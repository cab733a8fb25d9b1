"""The bitmap font: every glyph its own shape, text within the picture or an error."""

from __future__ import annotations

import string

import numpy as np
import pytest

from data_splits.mirb_procedural.drawing.canvas import blank
from data_splits.mirb_procedural.drawing.glyphs import GLYPHS
from data_splits.mirb_procedural.drawing.text import ADVANCE, LEADING, block, size, table, wrap, write


def test_every_printable_character_has_its_own_shape() -> None:
    printable = string.digits + string.ascii_letters + string.punctuation + " "
    assert set(printable) == set(GLYPHS)
    shapes = {character: table()[ord(character)] for character in printable}
    for one in shapes:
        for two in shapes:
            if one < two:
                assert (shapes[one] != shapes[two]).sum() >= 2, (one, two)  # two dots apart at least
    assert not any(shape[:, -1].any() or shape[-1].any() for shape in shapes.values())  # gaps on both sides


def test_block_is_scaled_and_laid_out() -> None:
    dots = block(["Ab", "c"], 3)
    assert dots.shape == (2 * LEADING * 3, 2 * ADVANCE * 3)
    assert np.array_equal(dots[::3, ::3][:LEADING, :ADVANCE], table()[ord("A")])
    assert not dots[LEADING * 3 :, ADVANCE * 3 :].any()


def test_text_that_would_be_cut_is_refused() -> None:
    picture = blank(60, 30)
    width, height = size(["word"], 2)
    write(picture, "word", 60 - width, 30 - height, (0, 0, 0), 2)
    assert (picture == 0).any()
    for left, top in ((60 - width + 1, 0), (0, 30 - height + 1), (-1, 0)):
        with pytest.raises(ValueError, match="leaves a picture"):
            write(picture, "word", left, top, (0, 0, 0), 2)
    with pytest.raises(ValueError, match="no glyph"):
        write(picture, "\u00e9", 0, 0, (0, 0, 0))


def test_wrap_keeps_every_word() -> None:
    text = "one two three four fifteen"
    lines = wrap(text, 9)
    assert " ".join(lines) == text
    assert max(map(len, lines)) <= 9

"""text-only, first-image and text-instead: what is shown and what counts as unseen."""

from __future__ import annotations

import pytest
from ablation_runs import material
from mirb_questions import question

from mirb.ablations import first_image, text_instead, text_only
from mirb.ablations.base import Unfit
from mirb.asking import ask_of
from mirb.protocols import PROTOCOLS


def test_text_only_shows_no_image_and_keeps_the_words() -> None:
    each = question("count", "3")
    (variant,) = text_only.make(material(each, 2))
    assert variant.images == () and variant.missing == {0, 1} and variant.question == each
    ask = ask_of(PROTOCOLS["v2"], variant.question, variant.images)
    assert ask.images == 0 and each.question in str(ask.parts[0])
    with pytest.raises(Unfit, match="no images"):
        text_only.make(material(each, 0))


def test_first_image_shows_the_first() -> None:
    whole = material(question("count", "3"), 3)
    (variant,) = first_image.make(whole)
    assert variant.images == whole.images[:1] and variant.missing == {1, 2}


def test_text_instead_uses_the_text_of_the_data() -> None:
    (variant,) = text_instead.make(material(question("codeu", "A", text_question="print(1)\nA. 1\nB. 2"), 2))
    assert variant.question.question.startswith("print(1)") and variant.images == () and not variant.missing
    with pytest.raises(Unfit, match="no text in place"):
        text_instead.make(material(question("count", "3"), 2))

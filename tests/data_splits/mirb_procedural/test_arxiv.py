"""arxiv: the title found by reading the pages, from text and from pixels; both pages needed."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import procedural_items

from data_splits.mirb_procedural.arxiv import COLUMNS, LINES, MARGIN, SCALE, Page
from data_splits.mirb_procedural.drawing.glyphs import GLYPHS
from data_splits.mirb_procedural.drawing.text import ADVANCE, LEADING, table
from data_splits.mirb_procedural.item import Item
from data_splits.question import ColourImage


def read_page(picture: ColourImage) -> list[str]:
    """The text of a page, read from its pixels by comparing each cell with the font."""
    shapes = {table()[ord(character)].tobytes(): character for character in GLYPHS}
    dark = (picture[MARGIN::SCALE, MARGIN::SCALE].astype(int).sum(axis=2) < 300)[: LINES * LEADING, : COLUMNS * ADVANCE]
    cells = dark.reshape(LINES, LEADING, COLUMNS, ADVANCE).transpose(0, 2, 1, 3)
    return ["".join(shapes[np.ascontiguousarray(cell).tobytes()] for cell in row).rstrip() for row in cells]


def title_of(pages: dict[int, str], question: str) -> str | None:
    """The answer from the pages that are there, or None."""
    asked = re.search(r"On page (\d+) the authors say from which paper they take the ([\w ]+)\.", question)
    assert asked
    cited = re.search(rf"We take the {asked[2]} from \[(\d+)\]\.", pages.get(int(asked[1]), ""))
    if cited is None:
        return None
    for text in pages.values():
        entry = re.search(rf"(?:^|\s)\[{cited[1]}\] ((?:[A-Z]\. |[^.])+)\. ([^.]+)\. \d{{4}}\.", text)
        if entry:
            return entry[2]
    return None


def text_of(item: Item) -> dict[int, str]:
    return {scene.number: " ".join(scene.lines) for scene in item.scenes}


def test_gold_is_found_by_reading_and_needs_both_pages() -> None:
    for item in procedural_items.every("arxiv", 16):
        pages = text_of(item)
        assert title_of(pages, item.question) == item.answer
        for hidden in range(len(item.scenes)):
            rest = {number: text for number, text in pages.items() if number != hidden + 1}
            assert (title_of(rest, item.question) is None) == (hidden in item.evidence["needed"])


def test_gold_is_found_in_the_pixels() -> None:
    for level in (1, 2):
        item = procedural_items.items("arxiv", level, 16)[0]
        pages = {
            number: " ".join(read_page(picture))
            for number, picture in enumerate(procedural_items.pictures("arxiv", item), start=1)
        }
        assert title_of(pages, item.question) == item.answer


def test_pages_are_few_or_many_and_lines_fit() -> None:
    for level, (low, high) in {1: (2, 5), 2: (6, 13), 3: (19, 42)}.items():
        for item in procedural_items.items("arxiv", level, 16):
            assert low <= len(item.scenes) <= high
            for scene in item.scenes:
                assert isinstance(scene, Page)
                assert len(scene.lines) <= LINES and max(map(len, scene.lines)) <= COLUMNS


def test_topics_repeat_over_pages_with_other_papers() -> None:
    item = procedural_items.items("arxiv", 3, 16)[0]
    taken = Counter(topic for row in item.evidence["citations"] for topic, _ in row)
    assert taken[item.evidence["topic"]] > 2
    assert len(set(item.evidence["titles"])) == len(item.evidence["titles"])


def test_text_only_form_is_enough() -> None:
    for item in procedural_items.every("arxiv", 6):
        assert item.text_question is not None
        parts = re.split(r"(?:^|\n\n)Page (\d+):\n", item.text_question)[1:]
        pages = {int(number): " ".join(text.split("\n")) for number, text in zip(parts[::2], parts[1::2], strict=True)}
        assert title_of(pages, item.question) == item.answer

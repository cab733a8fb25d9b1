"""Made-up titles: different from each other, none with a full stop, short enough for two lines."""

from __future__ import annotations

from data_splits.mirb_procedural.papers import authors, filler, titles
from data_splits.phantom.draws import Draws


def test_titles() -> None:
    found = titles(Draws("titles"), 300)
    assert len({frozenset(title.split()) for title in found}) == 300
    assert all("." not in title and len(title) <= 64 for title in found)


def test_fillers_cite_nothing() -> None:
    draws = Draws("fillers")
    assert all("[" not in filler(draws) and filler(draws).endswith(".") for _ in range(50))
    assert all(1 <= authors(draws).count(". ") <= 3 for _ in range(50))

"""Asks: sorted by cost, loaded when their turn comes."""

from __future__ import annotations

import numpy as np
from fake_vlms import asks

from model_adapters.inference.ask import Ask, ImageRef, asks_of


def test_images_count_before_text_before_names() -> None:
    small, large = Ask("b", "t", ("x" * 99,)), Ask("a", "t", (ImageRef.of(np.zeros((2, 2, 3), np.uint8)), "x"))
    longer, twin = Ask("a", "t", ("x" * 100,)), Ask("c", "t", ("x" * 99,))
    assert sorted([large, twin, longer, small], key=lambda ask: ask.size) == [small, twin, longer, large]


def test_nothing_is_loaded_before_the_request_is_made() -> None:
    loaded: list[str] = []

    def load() -> np.ndarray:
        loaded.append("image")
        return np.zeros((2, 2, 3), np.uint8)

    ask = Ask("a", "t", ("look", ImageRef("0" * 64, load)))
    assert ask.key("model") and ask.size and ask.images == 1 and loaded == []
    request = ask.request()
    assert loaded == ["image"] and request.parts[0] == "look" and request.parts[1].shape == (2, 2, 3)  # type: ignore[union-attr]


def test_requests_become_asks_and_requests_again() -> None:
    made = asks(3)
    again = asks_of([ask.request() for ask in made])
    assert [ask.key("m") for ask in again] == [ask.key("m") for ask in made]

"""Tiles: where every image lands, red between, white where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from ablation_runs import material
from mirb_questions import question

from mirb.ablations.base import Unfit
from mirb.ablations.concatenated import BORDER, RED, WHITE, make, tile, tiled
from model_adapters.inference.ask import ImageRef


def grey(level: int, height: int = 20, width: int = 30) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def test_three_make_two_by_two_with_a_white_filler() -> None:
    picture = tile([grey(10), grey(20), grey(30)])
    height, width = 20 + BORDER, 30 + BORDER
    assert picture.shape == (2 * height + BORDER, 2 * width + BORDER, 3)
    corners = [(BORDER, BORDER), (BORDER, width + BORDER), (height + BORDER, BORDER), (height + BORDER, width + BORDER)]
    for (top, left), level in zip(corners, (10, 20, 30, 255), strict=True):
        assert (picture[top : top + 20, left : left + 30] == level).all()
    frame = picture.copy()
    for top, left in corners:
        frame[top : top + 20, left : left + 30] = RED
    assert (frame == np.array(RED, np.uint8)).all(), "everything else is red"


def test_two_stand_side_by_side_and_small_ones_on_white() -> None:
    picture = tile([grey(10), grey(20, 10, 10)])
    assert picture.shape == (20 + 2 * BORDER, 2 * (30 + BORDER) + BORDER, 3)
    second = picture[BORDER : BORDER + 20, 36 + BORDER : 36 + BORDER + 30]
    assert (second == 20).all(axis=2).sum() == 100 and (second == np.array(WHITE)).all(axis=2).sum() == 500


def test_five_make_a_grid_of_three() -> None:
    assert tile([grey(k) for k in range(5)]).shape == (2 * 26 + BORDER, 3 * 36 + BORDER, 3)


def test_the_name_follows_from_images_and_order() -> None:
    one, other = ImageRef.of(grey(1)), ImageRef.of(grey(2))
    assert tiled((one, other)).sha256 == tiled((one, other)).sha256 != tiled((other, one)).sha256
    assert tiled((one, other)).load().shape[2] == 3
    with pytest.raises(Unfit, match="cannot be read"):
        make(material(question("arxiv", "T"), 10))
    with pytest.raises(Unfit, match="fewer than 2"):
        make(material(question("count", "1"), 1))

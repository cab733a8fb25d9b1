"""The plotter: axes that hold the data, bars and points where the numbers say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from data_splits.mirb_procedural.drawing.palette import COLOURS
from data_splits.mirb_procedural.drawing.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TICKS, TOP, Series, axis, draw


@pytest.mark.parametrize(("low", "high"), list(product((-30, -3, 0, 7), (8, 9, 33, 120))))
def test_an_axis_holds_its_data_with_few_round_ticks(low: int, high: int) -> None:
    start, end, step = axis(low, high)
    assert start <= low and high <= end
    assert start % step == 0 and end % step == 0
    assert 1 <= (end - start) // step <= TICKS
    assert str(step).rstrip("0") in ("1", "2", "5")


def test_bars_are_as_high_as_their_numbers() -> None:
    series = Series("bar", (0, 1, 2, 3), (0, 2, 4, 8), "red", "o", False, False)
    picture = draw(series)
    red = (picture == COLOURS["red"]).all(axis=2)
    start, end, _ = axis(0, 8)
    for number, value in enumerate(series.y):
        middle = LEFT + (2 * number + 1) * (RIGHT - LEFT) // 8
        high = red[TOP:BOTTOM, middle].sum()
        assert abs(high - value * (BOTTOM - TOP - 16) / (end - start)) <= 3


def test_points_lie_where_the_numbers_say() -> None:
    series = Series("scatter", (0, 1, 2), (1, 5, 3), "blue", "s", False, False)
    blue = (draw(series) == COLOURS["blue"]).all(axis=2)
    start, end, _ = axis(1, 5)
    for number, value in enumerate(series.y):
        x = LEFT + (2 * number + 1) * (RIGHT - LEFT) // 6
        y = BOTTOM - 8 - (value - start) * (BOTTOM - TOP - 16) // (end - start)
        rows, columns = np.nonzero(blue[y - 10 : y + 10, x - 10 : x + 10])
        assert abs(rows.mean() - 9.5) <= 1 and abs(columns.mean() - 9.5) <= 1


def test_every_feature_shows() -> None:
    base = Series("plot", (0, 1, 2, 3), (1, 4, 2, 6), "green", "o", False, False)
    others = [
        Series("plot", base.x, base.y, "green", "^", False, False),
        Series("plot", base.x, base.y, "green", "o", True, False),
        Series("plot", base.x, base.y, "green", "o", False, True),
        Series("plot", base.x, (1, 4, 3, 6), "green", "o", False, False),
        Series("plot", (1, 2, 3, 4), base.y, "green", "o", False, False),
    ]
    pictures = [draw(series) for series in (base, *others)]
    assert len({picture.tobytes() for picture in pictures}) == 6
    assert pictures[0].shape == (HEIGHT, 380, 3)

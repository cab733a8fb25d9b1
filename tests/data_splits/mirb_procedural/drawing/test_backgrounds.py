"""Backgrounds: ends of a gradient, size of the grain, no colour out of range."""

from __future__ import annotations

import numpy as np

from data_splits.mirb_procedural.drawing.backgrounds import gradient, grain, scenery, tint
from data_splits.mirb_procedural.drawing.canvas import blank
from data_splits.phantom.draws import Draws


def test_gradient_runs_from_one_colour_to_the_other() -> None:
    picture = gradient(6, 11, (0, 100, 250), (200, 50, 250))
    assert picture.shape == (11, 6, 3)
    assert picture[0, 3].tolist() == [0, 100, 250]
    assert picture[-1, 3].tolist() == [200, 50, 250]
    assert picture[5, 0].tolist() == [100, 75, 250]
    assert (np.diff(picture[:, 0, 0].astype(int)) == 20).all()


def test_grain_has_its_strength_and_is_grey_dots() -> None:
    base = blank(101, 99, (120, 130, 140))
    noise = grain(base, Draws("grain"), 6).astype(int) - base
    assert (noise[:, :, 0] == noise[:, :, 1]).all() and (noise[:, :, 0] == noise[:, :, 2]).all()
    assert np.array_equal(noise[0:98:2, 0:100:2], noise[1:99:2, 1:101:2])
    assert abs(noise.mean()) < 0.5 and 5.6 < noise[::2, ::2, 0].std() < 6.4


def test_scenery_differs_by_its_draws_and_repeats() -> None:
    one, again, other = (scenery(64, 48, Draws("scenery", key)) for key in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert all(40 <= channel <= 220 for number in range(50) for channel in tint(Draws("tint", number), 40, 220))

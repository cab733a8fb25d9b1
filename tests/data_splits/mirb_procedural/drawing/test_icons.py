"""Icons: areas by geometry, exact quarter turns, shapes and styles told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from data_splits.mirb_procedural.drawing.canvas import SUB, coverage
from data_splits.mirb_procedural.drawing.icons import ICONS, PLURALS, STYLES, TURNS, icon, shrunk


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("circle", math.pi * 430**2),
        ("square", 780**2),
        ("triangle", 940 * 840 / 2),
        ("diamond", 680 * 980 / 2),
        ("ring", math.pi * (440**2 - 240**2)),
        ("cross", 2 * 300 * 920 - 300**2),
    ],
)
def test_areas(name: str, share: float) -> None:
    assert math.isclose(icon(name, 64).mean(), share / 1024**2, rel_tol=0.02)
    for angle in (15, 30, 45, 105):  # a fifth smaller, and nothing cut off
        turned = icon(name, 64, angle)
        assert math.isclose(turned.mean(), share / 1280**2, rel_tol=0.02)
        assert not (turned[0].any() or turned[-1].any() or turned[:, 0].any() or turned[:, -1].any())


@pytest.mark.parametrize("name", sorted(ICONS))
def test_quarter_turns_are_turns_of_the_picture(name: str) -> None:
    upright = coverage(icon(name, 60)).astype(int)
    turned = coverage(icon(name, 60, 90)).astype(int)
    difference = np.abs(np.rot90(upright, -1) - turned)
    assert difference.sum() <= 0.03 * upright.sum()  # a sample on the very edge may fall to the other side


def test_the_table_of_turns() -> None:
    for angle, (cosine, sine) in TURNS.items():
        assert cosine == round(4096 * math.cos(math.radians(angle)))
        assert sine == round(4096 * math.sin(math.radians(angle)))


def test_kinds_are_told_apart() -> None:
    masks = {name: icon(name, 40) for name in ICONS}
    assert set(PLURALS) == set(ICONS)
    for one in masks:
        for two in masks:
            if one < two:
                apart = np.logical_xor(masks[one], masks[two]).sum() / (masks[one] | masks[two]).sum()
                assert apart > 0.12, (one, two)


def test_styles_differ_and_stay_inside() -> None:
    filled = icon("house", 92)
    grown = ~shrunk(~np.pad(filled, 8 * SUB), 8 * SUB)[8 * SUB : -8 * SUB, 8 * SUB : -8 * SUB]
    seen = set()
    for style in STYLES:
        mask = icon("house", 92, 0, style)
        assert mask.shape == filled.shape
        assert not (mask & ~grown).any()
        assert mask.sum() <= grown.sum()
        seen.add(mask.tobytes())
    assert len(seen) == len(STYLES)

"""Radar plots: positions in closed form, gaps where a value is undefined."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from leaderboards.reporting.radar import RadarSeries, radar

AXES = ("north", "east", "south", "west")


def circles(body: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', body)]


def test_values_lie_on_their_axes_in_proportion() -> None:
    figure = radar("r", "R", AXES, [RadarSeries("m", (1.0, 0.5, 0.5, 0.0))])
    north, east, south, west = circles(figure.body)
    centre = west
    radius = centre[1] - north[1]
    assert north[0] == pytest.approx(centre[0], abs=0.02) and radius > 100
    assert east == pytest.approx((centre[0] + radius / 2, centre[1]), abs=0.02)
    assert south == pytest.approx((centre[0], centre[1] + radius / 2), abs=0.02)
    ElementTree.fromstring(figure.inline)


def test_an_undefined_value_leaves_a_gap() -> None:
    whole = radar("r", "R", AXES, [RadarSeries("m", (0.5, 0.5, 0.5, 0.5))]).body
    gap = radar("r", "R", AXES, [RadarSeries("m", (0.5, None, 0.5, 0.5))]).body
    assert len(circles(whole)) == 4 and len(circles(gap)) == 3
    assert whole.count("s-series1") - gap.count("s-series1") == 2, "both lines to the missing point"


def test_intervals_are_strokes_within_the_rim() -> None:
    body = radar("r", "R", AXES, [RadarSeries("m", (0.9,) * 4, (0.8,) * 4, (1.4,) * 4)]).body
    strokes = re.findall(
        r'<line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)" class="s-series1" stroke-width="4"', body
    )
    assert len(strokes) == 4
    ys = [float(each) for _, y1, _, y2 in strokes for each in (y1, y2)]
    top = min(float(y) for _, y in re.findall(r"([\d.]+),([\d.]+)", body))
    assert min(ys) >= top - 0.02


def test_labels_fit_and_are_escaped() -> None:
    figure = radar("r", "R", ("a<b", "image_jigsaw", "c", "visual_chain"), [RadarSeries("m", (0.1,) * 4)])
    assert "a&lt;b" in figure.body
    texts = r'<text x="([\d.]+)" y="[\d.]+" font-size="[\d.]+"(?: text-anchor="(\w+)")?[^>]*>([^<]+)</text>'
    found = re.findall(texts, figure.body)
    assert {anchor for _, anchor, _ in found} == {"", "middle", "end"}
    for x, anchor, text in found:
        width = 7 * len(text)
        left = float(x) - (width if anchor == "end" else width / 2 if anchor == "middle" else 0)
        assert left >= 0 and left + width <= figure.width, text


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError):
        radar("r", "R", AXES[:2], [])
    with pytest.raises(ValueError):
        radar("r", "R", AXES, [RadarSeries("m", (0.1,))])

"""Points stand where their values are, and the front is marked."""

from __future__ import annotations

import re

from leaderboards.reporting.forest import Estimated
from leaderboards.reporting.scatter import Axis, Point, scatter

POINTS = [
    Point("good <b>", Estimated(1.0, 0.8, 1.2), Estimated(0.9), True),
    Point("bad", Estimated(3.0), Estimated(0.5), False),
    Point("other", Estimated(2.0), Estimated(0.95), True),
]


def test_points_are_ordered_as_their_values_and_texts_are_escaped() -> None:
    figure = scatter("plot", "Title", Axis("KID", "lower"), Axis("AUROC", "higher"), POINTS)
    circles = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="[\d.]+" class="([\w-]+)"', figure.body)
    assert [css for *_, css in circles] == ["f-accent", "s-hollow", "f-accent"]
    (x_good, y_good), (x_bad, y_bad), (x_other, y_other) = ((float(x), float(y)) for x, y, _ in circles)
    assert x_good < x_other < x_bad and y_other < y_good < y_bad
    assert "good &lt;b&gt;" in figure.body and "<b>" not in figure.body
    assert figure.body.count('stroke-dasharray="4 4"') == 1, "one stretch joins two models on the front"
    assert "← better" in figure.body and "better →" in figure.body


def test_the_same_points_give_the_same_bytes_and_equal_ones_do_not_fail() -> None:
    axes = Axis("a", "zero"), Axis("b", "higher")
    assert scatter("p", "t", *axes, POINTS).standalone == scatter("p", "t", *axes, POINTS).standalone
    same = [Point("x", Estimated(0.0), Estimated(0.0), True), Point("y", Estimated(0.0), Estimated(0.0), True)]
    labels = re.findall(r'<text x="[\d.]+" y="([\d.]+)"[^>]*>[xy]</text>', scatter("p", "t", *axes, same).body)
    assert len(set(labels)) == 2, "labels do not lie on each other"

"""The three published numbers on a case small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_asked import asked
from made_features import score, side

from chexgenbench.metrics.base import MetricInput, PairHead
from chexgenbench.metrics.privacy import reid_avg, reid_count, reid_max
from chexgenbench.metrics.registry import find

HEAD = PairHead(np.array([-1.0], np.float32), 0.0)
GAPS = np.array([[0.0, 1.0], [2.0, 4.0], [3.0, 3.0]])
"""|generated - real| of three prompts, two draws each; the probability is 1 / (1 + exp(gap))."""


def data(**options: float) -> MetricInput:
    some = side(np.zeros((2, 1)))
    probes = asked(GAPS[..., None], np.zeros((3, 1)))
    return MetricInput(some, some, "siamese", 7, probes=probes, pair_head=HEAD, options=options)


def probability(gap: float) -> float:
    return round(1 / (1 + float(np.exp(gap))), 4)


def test_average_is_over_draws_then_prompts() -> None:
    expected = np.mean([[probability(gap) for gap in row] for row in GAPS])
    found = score(reid_avg.PUBLISHED, data())
    assert found.value == pytest.approx(expected) and found.low is None and found.interval_reason


def test_maximum_is_the_largest_of_all() -> None:
    assert score(reid_max.PUBLISHED, data()).value == probability(0.0)


def test_count_is_of_prompts_above_delta_and_absent_without_it() -> None:
    assert score(reid_count.PUBLISHED, data(delta=0.1)).value == 2.0
    assert score(reid_count.PUBLISHED, data(delta=probability(0.0))).value == 0.0, "above, not at"
    assert "--delta" in (reid_count.PUBLISHED.measure(data()).reason or "")


def test_they_exist_in_v1_alone_and_name_their_quirks() -> None:
    for name in ("reid_avg", "reid_max", "reid_count"):
        metric = find(name, "v1")
        assert metric is not None and metric.quirks and "pair_head" in metric.needs and find(name, "v2") is None


def test_order_of_draws_does_not_matter() -> None:
    shuffled = data(delta=0.1)
    assert shuffled.probes is not None
    shuffled = replace(shuffled, probes=shuffled.probes.take([5, 0, 3, 1, 4, 2]))
    for metric in (reid_avg.PUBLISHED, reid_max.PUBLISHED, reid_count.PUBLISHED):
        assert score(metric, shuffled).value == pytest.approx(score(metric, data(delta=0.1)).value)

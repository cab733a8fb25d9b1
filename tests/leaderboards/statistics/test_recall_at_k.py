"""Recall at k: ties by enumeration, chance in closed form, block means."""

from __future__ import annotations

from itertools import permutations
from math import comb

import numpy as np
import pytest

from leaderboards.statistics.recall_at_k import hit_probability
from leaderboards.statistics.registry import estimate


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize(
    ("above", "wrong", "right"), [(0, 0, 1), (0, 3, 1), (1, 2, 2), (2, 3, 1), (3, 0, 1), (6, 1, 1)]
)
def test_ties_by_trying_every_order(k: int, above: int, wrong: int, right: int) -> None:
    tied = ["w"] * wrong + ["r"] * right
    orders = [["w"] * above + list(order) for order in permutations(tied)]
    expected = np.mean(["r" in order[:k] for order in orders])
    found = hit_probability(np.array([above]), np.array([wrong]), np.array([right]), k)
    assert found[0] == pytest.approx(expected, abs=1e-12)


def test_one_right_answer_among_n_has_chance_k_over_n() -> None:
    for n, k in ((10, 3), (400, 5), (4, 10)):
        found = hit_probability(np.zeros(1), np.array([n - 1.0]), np.ones(1), k)
        assert found[0] == pytest.approx(min(1, k / n))
    two = hit_probability(np.zeros(1), np.array([18.0]), np.array([2.0]), 5)
    assert two[0] == pytest.approx(1 - comb(18, 5) / comb(20, 5))


def made(n: int = 40) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "hit_5": (rng.random(n) < 0.4).astype(float),
        "hit_1": (rng.random(n) < 0.1).astype(float),
        "chance_5": np.full(n, 5 / n),
        "chance_1": np.full(n, 1 / n),
        "cluster": np.arange(n) // 2,
    }


def test_headline_extras_and_blocks() -> None:
    data = made()
    found = estimate("recall_at_k", data, {"k": 5, "others": "1", "seed": 0, "images": 40})
    assert found.value == pytest.approx(data["hit_5"].mean())
    assert found.low < found.value < found.high
    assert found.extra["chance"] == pytest.approx(5 / 40)
    assert found.extra["lift"] == pytest.approx(found.value * 8)
    assert found.extra["recall_at_1"] == pytest.approx(data["hit_1"].mean())
    assert found.extra["chance_at_1"] == pytest.approx(1 / 40)
    block = np.arange(40) % 6
    size = np.bincount(block)
    blocks = {name: np.bincount(block, each) / size for name, each in data.items() if name != "cluster"}
    stored = estimate("recall_at_k", {**blocks, "cluster": np.arange(6), "size": size}, {"k": 5, "seed": 0})
    assert stored.value == pytest.approx(found.value)
    assert stored.extra["chance"] == pytest.approx(5 / 40)


def test_all_hits_have_wilsons_interval() -> None:
    data = {**made(), "hit_5": np.ones(40)}
    found = estimate("recall_at_k", data, {"k": 5, "seed": 0})
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.839, abs=0.001)  # 20 of 20 patients

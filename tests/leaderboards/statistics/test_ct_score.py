from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.ct_score import ct_score
from leaderboards.statistics.placements import placements


def one_cell(generated: np.ndarray, held_out: np.ndarray) -> dict[str, np.ndarray]:
    n, m = len(generated), len(held_out)
    placed = placements(generated, held_out)
    scale = np.sqrt(12 * n * m / (n + m + 1))
    below = 1 - placements(held_out, generated)
    return {
        "placement": placed, "cell": np.zeros(n, int), "weight": np.ones(n), "cluster": np.arange(n),
        "cell_size": np.array([float(m)]),
        "held_out_influence": scale * (below - placed.mean()) / m, "held_out_cluster": np.arange(m),
    }  # fmt: skip


def test_one_cell_is_the_z_of_mann_whitney() -> None:
    from scipy.stats import mannwhitneyu, norm

    rng = np.random.default_rng(0)
    generated, held_out = rng.normal(-0.4, 1.0, 70), rng.normal(size=90)
    found = ct_score(one_cell(generated, held_out))
    test = mannwhitneyu(generated, held_out, alternative="less", use_continuity=False, method="asymptotic")
    assert found.value == pytest.approx(norm.ppf(test.pvalue)) and found.value < -1
    assert found.extra["farther"] == pytest.approx(test.statistic / (70 * 90))


def test_p_value_is_uniform_without_copying_and_small_with_it() -> None:
    rng = np.random.default_rng(1)
    none = np.array(
        [ct_score(one_cell(rng.normal(size=60), rng.normal(size=80))).extra["p_copying"] for _ in range(1500)]
    )
    for level in (0.05, 0.25, 0.5, 0.9):
        assert (none < level).mean() == pytest.approx(level, abs=0.04)
    assert ct_score(one_cell(rng.normal(-1.5, 1.0, 60), rng.normal(size=80))).extra["p_copying"] < 1e-6


def test_interval_covers_the_expected_z() -> None:
    from scipy.special import ndtr

    rng = np.random.default_rng(2)
    expected = (ndtr(-0.5 / np.sqrt(2)) - 0.5) * np.sqrt(12 * 60 * 80 / 141)
    found = [ct_score(one_cell(rng.normal(-0.5, 1.0, 60), rng.normal(size=80))) for _ in range(400)]
    assert 0.92 <= np.mean([each.low <= expected <= each.high for each in found]) <= 0.98


def test_full_separation_has_a_value_and_a_reason() -> None:
    found = ct_score(one_cell(np.zeros(30), np.ones(40)))
    assert found.value == pytest.approx(-0.5 * np.sqrt(12 * 30 * 40 / 71)) and found.extra["farther"] == 0.0
    assert found.low is None and "overlap" in str(found.interval_reason) and found.extra["p_copying"] < 1e-6

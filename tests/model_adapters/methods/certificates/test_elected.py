from pathlib import Path

import numpy as np
from merge_runs import merged, pool_of
from signs import stage_of

from model_adapters.methods.certificates.coefficients import Coefficients
from model_adapters.methods.certificates.elected import elected_pool, elected_steps

BASE = {"a": np.array([1.0, 1.0, 1.0, 1.0], np.float32)}
TAU = [[3.0, -2.0, 0.1, 1.0], [-1.0, -4.0, 0.2, 2.0]]
MODELS = [{"a": (BASE["a"] + np.array(tau, np.float32)).astype(np.float32)} for tau in TAU]


def test_vectors_are_trimmed_and_elected_by_hand(tmp_path: Path) -> None:
    """Half is kept: {3, -2} and {-4, 2}; signs of the sums (3, -6, 0, 2) are +, -, (majority +), +."""
    told: list[int] = []
    pool = elected_pool(pool_of(tmp_path, MODELS, BASE), 0.5, tmp_path / "e", stage_of(tmp_path / "c", told=told))
    found = [pool.difference(index, "a").tolist() for index in (1, 2)]
    assert found == [[3.0, -2.0, 0.0, 0.0], [0.0, -4.0, 0.0, 2.0]]
    assert told == list(range(1, elected_steps(pool) + 1))
    further: list[int] = []
    again = elected_pool(pool_of(tmp_path, MODELS, BASE), 0.5, tmp_path / "e", stage_of(tmp_path / "c", told=further))
    assert further == [] and again.difference(2, "a").tolist() == found[1]


def test_equal_coefficients_are_ties_with_its_sum(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    base, *models = [{"a": rng.standard_normal((4, 5)), "b": rng.standard_normal(7)} for _ in range(4)]
    pool = pool_of(tmp_path, models, base)
    expected, _ = merged(tmp_path / "ties", pool, "ties", aggregation="sum", scaling=0.3, density=0.4)
    elected = elected_pool(pool, 0.4, tmp_path / "e", stage_of(tmp_path / "c"))
    found = Coefficients(elected, "task").model(np.full(3, 0.3))
    for name in base:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-6)

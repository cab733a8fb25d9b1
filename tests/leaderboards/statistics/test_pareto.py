"""Fronts against the definition."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.pareto import pareto_front


def test_the_definition_model_by_model() -> None:
    scores = np.random.default_rng(0).integers(0, 4, size=(30, 3)).astype(float)
    found = pareto_front(scores)
    for index, own in enumerate(scores):
        beaten = any((other >= own).all() and (other > own).any() for other in scores)
        assert found[index] == (not beaten)


def test_equal_models_stay_and_one_axis_keeps_the_best_alone() -> None:
    assert pareto_front([[1.0, 2.0], [1.0, 2.0], [0.0, 2.0]]).tolist() == [True, True, False]
    assert pareto_front([[1.0], [3.0], [2.0]]).tolist() == [False, True, False]
    with pytest.raises(ValueError):
        pareto_front([[np.nan, 1.0]])

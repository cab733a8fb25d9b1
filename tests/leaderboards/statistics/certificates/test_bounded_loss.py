"""Bounded cross-entropy: ends, middle, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.certificates.bounded_loss import bounded_cross_entropy


def test_ends_and_middle() -> None:
    np.testing.assert_allclose(
        bounded_cross_entropy([1.0, 0.1, 0.01, 1e-4, 0.0], 1e-4), [0.0, 0.25, 0.5, 1.0, 1.0], atol=1e-15
    )
    values = bounded_cross_entropy(np.linspace(0, 1, 1001))
    assert (np.diff(values) <= 0).all() and values.min() == 0 and values.max() == 1


@pytest.mark.parametrize(("probability", "p_min"), [(1.1, 0.1), (-0.1, 0.1), (0.5, 0.0), (0.5, 1.0)])
def test_nonsense_is_refused(probability: float, p_min: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        bounded_cross_entropy(probability, p_min)

"""Arguments are broadcast and refused in one place."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leaderboards.statistics.certificates.arguments import checked, require


def test_shapes_are_broadcast_and_nats_added() -> None:
    risk, n, nats = checked([0.1, 0.2], 50, [[1.0], [2.0]], 0.05)
    assert risk.shape == n.shape == nats.shape == (2, 2)
    np.testing.assert_allclose(nats[:, 0], [1 + math.log(20), 2 + math.log(20)])


def test_the_first_offender_is_named() -> None:
    with pytest.raises(ValueError, match=r"risk is 1\.5, but must be in \[0, 1\]"):
        checked([0.1, 1.5], 50, 0.0, 0.05)
    with pytest.raises(ValueError, match="n is inf"):
        checked(0.1, math.inf, 0.0, 0.05)
    with pytest.raises(ValueError, match="x is nan"):
        values = np.array([1.0, math.nan])
        require("x", values, values > 0, "positive")

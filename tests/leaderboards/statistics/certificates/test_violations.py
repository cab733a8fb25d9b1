"""The binomial limit of failures."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from leaderboards.statistics.certificates.violations import violation_limit


def test_a_valid_bound_stays_within_and_a_bad_one_does_not() -> None:
    limit = violation_limit(2000, 0.05)
    assert limit == 131 and binom.sf(limit, 2000, 0.05) <= 0.001 < binom.sf(limit - 1, 2000, 0.05)
    assert binom.sf(limit, 2000, 0.10) > 0.999


@pytest.mark.parametrize("arguments", [(0, 0.05), (10, 0.0), (10, 0.05, 1.0)])
def test_nonsense_is_refused(arguments: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="trials"):
        violation_limit(*arguments)  # type: ignore[arg-type]

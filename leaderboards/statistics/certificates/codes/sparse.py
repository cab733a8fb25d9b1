"""Quantised coefficients of which few are not zero: far cheaper than a dense code for a large pool."""

from __future__ import annotations

import math

MOST_MODELS = 100_000
"""A larger pool in a stranger's certificate would keep `verify` busy with binomial coefficients."""


def sparse(models: int, support: int, levels: int, most: int | None = None) -> float:
    """ln(S + 1) + ln C(K, s) + s ln L nats: how many of K models enter, which, and at which of L levels each.

    S is the largest support allowed beforehand (`most`; K by default), so the sizes 0 to S are alike likely. Levels
    exclude zero. Sums to one over all hypotheses (references [1b]).

    Args:
        models: K. support: s, models with a coefficient other than zero. levels: L. most: S.

    Raises:
        ValueError: not 0 <= s <= S <= K, or fewer than one level.
    """
    largest = models if most is None else most
    if models > MOST_MODELS:
        raise ValueError(f"{models} models; at most {MOST_MODELS}")
    if not 0 <= support <= largest <= models or levels < 1:
        raise ValueError(f"a support of {support} (at most {largest}) among {models} models with {levels} levels")
    return math.log(largest + 1) + math.log(math.comb(models, support)) + support * math.log(levels)


def ln_sparse_vectors(models: int, support: int, levels: int, most: int | None = None) -> float:
    """ln of how many hypotheses the code has: sum over s to S of C(K, s) L^s, whichever support was chosen."""
    import numpy as np
    from scipy.special import gammaln, logsumexp

    sizes = np.arange((models if most is None else most) + 1)
    ways = gammaln(models + 1) - gammaln(sizes + 1) - gammaln(models - sizes + 1)
    return float(logsumexp(ways + sizes * math.log(levels)))

"""A quantised vector as entropy-coded symbols with its own codebook: compression bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

CODEBOOK_BITS = 16


def entropy_bits(counts: Sequence[int], codebook_bits: int = CODEBOOK_BITS) -> int:
    """Bits of a vector that holds each of L levels as often as `counts` says; the string needs no end mark.

    ceil(log2 N) for L, L x codebook_bits for the levels, L x ceil(log2 N) for the counts, and the symbols by
    Shannon-Fano-Elias: ceil(sum_i n_i log2(N / n_i)) + 1. As in the reference implementation of Lotfi et al. 2022,
    which leaves out L itself. With L first the whole is a prefix code, so ln(1/P(h)) is bits x ln 2
    (`entropy_nats`) and the 2 ln(bits) of `universal` is not needed.

    Args:
        counts: n_1, ..., n_L, each at least 1; N is their sum, known from the architecture.

    Raises:
        ValueError: no level, a count below 1, or a codebook without bits.
    """
    if not counts or min(counts) < 1:
        raise ValueError(f"counts of levels must be at least 1, not {list(counts)[:8]}")
    if codebook_bits < 1:
        raise ValueError(f"{codebook_bits} bits cannot name a level")
    total, levels = sum(counts), len(counts)
    per_count = (total - 1).bit_length()
    symbols = math.fsum(each * math.log2(total / each) for each in counts)
    # A sum just above a whole number may come out as that number; a whole one costs a bit too many instead.
    return per_count + levels * (codebook_bits + per_count) + math.ceil(symbols * (1 + 1e-12)) + 1


def entropy_nats(counts: Sequence[int], codebook_bits: int = CODEBOOK_BITS) -> float:
    """ln(1/P(h)) of `entropy_bits`: bits x ln 2."""
    return entropy_bits(counts, codebook_bits) * math.log(2)

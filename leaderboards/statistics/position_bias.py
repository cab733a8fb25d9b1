"""Does a model prefer a position (option A, B, ...) whatever stands there?

Every question is asked with its options in several orders in which each option stands once at each position. A model
that goes by content then chooses every position equally often, right or wrong. Value: the total variation distance
between the shares in which positions are chosen and even shares, 0 (no preference) to 1 - 1/k (always the same of k).

p: an exact randomisation test. Without a preference for positions, moving all choices of a question by the same number
of positions (cyclically) would change nothing, so the observed chi-square distance is ranked among those with a random
move for each question. Answers to one question may depend on each other in any way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays

DRAWS = 9999
AT_ONCE = 500
LETTERS = "ABCDEFGH"


def position_bias(arrays: Arrays, *, seed: int = 0, **_recorded: float | str) -> Estimate:
    """Distance of chosen positions from even shares.

    Args:
        arrays: counts: float64[q, k], how often each position was chosen over the orders of a question; options:
            int64[q], how many positions the question has (the rest of its row is 0).
        seed: of the random moves.

    Returns:
        extra: `p`; `share_A` and so on, the share of each position; `even_A` and so on, what is expected of it;
        `answers`, the choices counted.

    Raises:
        ValueError: negative counts, or choices behind the last option.
    """
    counts, options = np.asarray(arrays["counts"], np.float64), np.asarray(arrays["options"], np.int64)
    if counts.ndim != 2 or len(counts) != len(options):
        raise ValueError(f"counts of shape {list(counts.shape)} with {len(options)} numbers of options")
    width = counts.shape[1]
    if (counts < 0).any() or (options < 1).any() or (options > width).any():
        raise ValueError("negative counts or impossible numbers of options")
    if counts[np.arange(width)[None] >= options[:, None]].any():
        raise ValueError("a position behind the last option was chosen")
    total = float(counts.sum())
    if not total:
        return undefined("no answer named an option")
    even = (np.arange(width)[None] < options[:, None]) * (counts.sum(axis=1) / options)[:, None]
    expected, observed = even.sum(axis=0), counts.sum(axis=0)
    extra = {"answers": total, "p": _moved_p(counts, options, expected, np.random.default_rng(seed))}
    extra |= {f"share_{LETTERS[k]}": float(observed[k]) / total for k in range(width)}
    extra |= {f"even_{LETTERS[k]}": float(expected[k]) / total for k in range(width)}
    value = float(np.abs(observed - expected).sum()) / (2 * total)
    return Estimate(
        value=value, interval_reason="see p", method="p by random moves of each question's choices", extra=extra
    )


def _moved_p(
    counts: NDArray[np.float64], options: NDArray[np.int64], expected: NDArray[np.float64], rng: np.random.Generator
) -> float:
    """Share of random moves at least as far from `expected` as what was observed, the observed itself counted."""
    used = expected > 0

    def distance(chosen: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(((chosen - expected)[..., used] ** 2 / expected[used]).sum(axis=-1), np.float64)

    observed = float(distance(counts.sum(axis=0)))
    hits = done = 0
    while done < DRAWS:
        size = min(AT_ONCE, DRAWS - done)
        chosen = np.zeros((size, counts.shape[1]))
        for k in np.unique(options):
            rows = counts[options == k][:, :k]
            moves = np.stack([np.roll(rows, move, axis=1) for move in range(k)])
            drawn = rng.integers(0, k, size=(size, len(rows)))
            for move in range(k):
                chosen[:, :k] += (drawn == move) @ moves[move]
        hits += int((distance(chosen) >= observed - 1e-9 * max(1.0, observed)).sum())
        done += size
    return (hits + 1) / (DRAWS + 1)

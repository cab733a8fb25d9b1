"""Recall at k of a retrieval, with the recall that guessing would have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.clustered_mean import clustered_mean
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import Arrays

Float = NDArray[np.float64]


def recall_at_k(
    arrays: Arrays,
    *,
    k: int,
    others: str = "",
    seed: int,
    replicates: int = 2000,
    level: float = 0.95,
    **_: float | str,
) -> Estimate:
    """Mean over queries of the probability that a right answer is among the first k, clustered by patient.

    Args:
        arrays: hit_K: float64[n] for K = k and every other one (a probability where answers are tied); chance_K: the
            same for a random order of the answers; cluster, size: as for `clustered_mean`.
        k: of the headline. others: further K, joined by "|".

    Returns:
        The estimate. extra: "chance", that of guessing at k; "lift", value over chance; "recall_at_K" and
        "chance_at_K" of the others.
    """
    rest = {name: arrays[name] for name in ("cluster", "size") if name in arrays}
    found = clustered_mean(
        {"values": arrays[f"hit_{k}"], **rest}, seed=seed, replicates=replicates, level=level, indicator=True
    )
    if found.value is None:
        return found
    size = np.asarray(arrays["size"] if "size" in arrays else np.ones(len(arrays["cluster"])), np.float64)

    def mean(name: str) -> float:
        return float(np.asarray(arrays[name], np.float64) @ size / size.sum())

    extra = {**found.extra, "chance": mean(f"chance_{k}")}
    if extra["chance"] > 0:
        extra["lift"] = found.value / extra["chance"]
    for other in filter(None, others.split("|")):
        extra |= {f"recall_at_{other}": mean(f"hit_{other}"), f"chance_at_{other}": mean(f"chance_{other}")}
    return replace(found, extra=extra)


def hit_probability(above: Float, tied_wrong: Float, tied_right: Float, k: int) -> Float:
    """Probability that one of the best right answers is among the first k, ties being ordered at random.

    1 - C(t, m) / C(t + c, m) with m = k - above places left for t wrong and c right answers of equal score.

    Args:
        above: float64[n], wrong answers with a higher score than the best right one.
        tied_wrong, tied_right: float64[n], answers of its score; there is at least one right one.

    Returns:
        float64[n] in [0, 1].
    """
    places = k - above
    miss = np.ones(len(above))
    for place in range(k):
        left_wrong = np.maximum(tied_wrong - place, 0.0)
        left = np.maximum(tied_wrong + tied_right - place, 1.0)
        miss = np.where(place < places, miss * left_wrong / left, miss)
    return np.where(places > 0, 1.0 - miss, 0.0)

"""Retrieval: is the image drawn for a prompt among the 5 generated images nearest to that prompt?

Recall at k: the share of prompts for which an image drawn for this prompt (or for a case with the same words) is among
the k generated images with the highest cosine (as in `alignment`); k = 5, with 1 and 10 beside it. 0 to 1, higher is
better, no unit. Images of equal similarity stand in random order, so the value is a probability, and a generator that
always draws the same image scores exactly what guessing does ("chance"). Both depend on the number of images, so
groups are also compared at equal n; "lift" is recall over chance.

Interval: cluster bootstrap by patient over prompts; the images that are searched are held fixed.

Time O(n^2 t), memory O(512 n); the head as for `alignment`.
"""

from __future__ import annotations

import numpy as np

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import block_means, per_image, private_blocks
from chexgenbench.prompt_match import Float, Int, Matched, matched, prompt_codes
from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.recall_at_k import hit_probability

BLOCK = 512
TIE = 1e-9
"""Differences of cosines below this are rounding."""

K, OTHERS = 5, (1, 10)


def measure(data: MetricInput) -> Measurement:
    """Probability of a hit by prompt, for the `recall_at_k` estimator."""
    found = matched(data)
    if isinstance(found, str):
        return Measurement(reason=found)
    with one_thread():
        values = hits(found, prompt_codes(data.generated.cases), (K, *OTHERS))
    if data.share_reference:
        arrays = per_image(data, data.generated, **values)
    else:  # the chance of a prompt tells how many cases share its words
        arrays = block_means(private_blocks(data.generated), **values)
    others = "|".join(str(each) for each in OTHERS)
    return Measurement(
        arrays, {"seed": data.seed, "k": K, "others": others, "images": len(data.generated), **found.facts()}
    )


def hits(found: Matched, prompts: Int, ks: tuple[int, ...]) -> dict[str, Float]:
    """hit_K and chance_K by prompt, float64[n] each.

    Args:
        prompts: int64[n], equal for equal words.
    """
    n = len(prompts)
    counts = np.zeros((n, 4))  # wrong above, wrong tied, right tied, right in all
    for start in range(0, n, BLOCK):
        part = slice(start, min(start + BLOCK, n))
        scores = found.texts[part] @ found.images.T
        right = prompts[part, None] == prompts[None]
        best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
        tied = np.abs(scores - best) <= TIE
        counts[part] = np.stack(
            [(~right & (scores > best + TIE)).sum(1), (~right & tied).sum(1), (right & tied).sum(1), right.sum(1)],
            axis=1,
        )
    above, wrong, tied_right, right_all = counts.T
    values = {f"hit_{k}": hit_probability(above, wrong, tied_right, k) for k in ks}
    chance = {f"chance_{k}": hit_probability(np.zeros(n), n - right_all, right_all, k) for k in ks}
    return values | chance


METRIC = Metric(
    name="retrieval",
    display="Recall at 5, prompt to image",
    family="alignment",
    direction="higher",
    measure=measure,
    estimator="recall_at_k",
    source="image-text retrieval as in Radford et al. 2021, arXiv 2103.00020",
    cost="O(n^2 t) time; the head O(min(m, d)^3) once",
    matched=True,
    needs=frozenset({"encoder", "texts", "train"}),
    min_images=20,
)

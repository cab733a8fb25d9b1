"""Distance in feature space from a generated image to the real training image of its prompt.

||f(generated) - f(real)|| / sqrt(d), the mean over the draws of a prompt, then over training prompts (CheXGenBench).
The unit is that of a feature; higher is more private, and 0 is a copy as the encoder sees it.

A distance has no scale of its own, so the same is computed for held-out prompts and their real images, which the
generator has not seen. Extras: `minimum` (mean over prompts of the closest draw), `controls` and `controls_minimum`
(held-out prompts), and the differences `above_controls` and `minimum_above_controls` with intervals: if they are below
0 throughout, training prompts bring out their own images.

The published value (v1) has no control; its minimum was computed and not reported.

Time O(draws n d), memory O(n d).
"""

from __future__ import annotations

import numpy as np

from chexgenbench.asked import by_prompt, gaps, prompt_distances
from chexgenbench.metrics.base import Measurement, Metric, MetricInput


def measure(data: MetricInput) -> Measurement:
    """Mean and smallest distance by prompt, for the `prompt_distances` estimator."""
    return prompt_distances(data, scale=1.0)


def measure_published(data: MetricInput) -> Measurement:
    """The mean alone, rounded image by image."""
    assert data.probes is not None
    value = float(by_prompt(data.probes, np.round(gaps(data.probes), 4), "mean").mean())
    return Measurement(
        {"value": np.array([value])},
        {"interval_reason": "nothing was published with an interval"},
        n_generated=len(data.probes),
        n_reference=len(data.probes.real),
    )


METRIC = Metric(
    name="latent_distance",
    display="Latent distance",
    family="privacy",
    direction="higher",
    measure=measure,
    estimator="prompt_distances",
    source="CheXGenBench metrics/privacy_metrics.py, arXiv 2505.10496; held-out control by this suite",
    cost="O(draws n d) time",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "probes", "controls"}),
    min_images=1,
)

PUBLISHED = Metric(
    name="latent_distance",
    display="Latent distance (published)",
    family="privacy",
    direction="higher",
    measure=measure_published,
    estimator="scalar",
    source="CheXGenBench metrics/privacy_metrics.py, arXiv 2505.10496",
    cost="O(draws n d) time",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "probes"}),
    quirks=(
        "no held-out prompts: what training did is not told apart from what findings share",
        "rounded to four decimals; the published code gives RAD-DINO images of 512 px, here those of the fidelity "
        "metrics, squashed to 299 px first",
        "it is called latent distance and is that of RAD-DINO's pooled feature: no auto-encoder is involved",
    ),
    min_images=1,
)

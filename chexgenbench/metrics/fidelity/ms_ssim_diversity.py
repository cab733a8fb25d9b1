"""Diversity within a prompt: how alike are several images drawn from the same text?

The mean MS-SSIM over all pairs of images of a prompt, then over prompts (the diversity check of RoentGen, Chambon et
al. 2022; MS-SSIM by Wang et al. 2003). 0 to 1, lower is more diverse; 1 means that the seed changes nothing.
Different studies of one patient are also alike, so there is no target value: compare models.

Grey images as generated, 5 scales; below 176 px fewer (4 from 88 px) with their weights divided by their sum,
recorded as the parameter `scales`, so values of different resolutions do not compare. Images of prompts are clustered
by patient.

Time O(prompts draws^2 h w), memory O(draws h w).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import codes
from chexgenbench.structural_similarity import ms_ssim, scales_for


def measure(data: MetricInput) -> Measurement:
    """Mean similarity by prompt, for the `clustered_mean` estimator."""
    draws = data.draws
    if draws is None or draws.count < 2 or not len(draws.ids):
        return Measurement(reason="no prompt of this group was drawn more than once")
    values, scales = np.empty(len(draws.ids)), 0
    for prompt in range(len(draws.ids)):
        images = [draws.load(prompt, draw) for draw in range(draws.count)]
        try:
            values[prompt] = np.mean([ms_ssim(a, b) for a, b in combinations(images, 2)])
        except ValueError as error:
            return Measurement(reason=str(error))
        here = scales_for(*images[0].shape)
        if scales not in (0, here):
            return Measurement(reason="images of different resolutions do not compare")
        scales = here
    return Measurement(
        {"values": values, "cluster": codes(draws.patients)},
        {"seed": data.seed, "scales": scales, "draws": draws.count},
    )


METRIC = Metric(
    name="ms_ssim_diversity",
    display="MS-SSIM within prompt",
    family="fidelity",
    direction="lower",
    measure=measure,
    estimator="clustered_mean",
    source="Chambon et al. 2022, arXiv 2211.12737; Wang et al. 2003",
    cost="O(prompts draws^2 pixels) time",
    floor=False,
    needs=frozenset({"draws"}),
    min_images=1,
)

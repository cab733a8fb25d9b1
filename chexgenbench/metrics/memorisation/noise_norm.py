"""Text-conditional noise norm: do training prompts steer the model more strongly than held-out prompts do? White box.

Memorised prompts pull the predicted noise away from what it is without a prompt (Wen et al., ICLR 2024, "Detecting,
explaining, and mitigating memorization in diffusion models"): for each prompt the mean over sampling steps of ||
eps(x_t, prompt) - eps(x_t, empty) ||. The value is the area under the ROC curve with which this norm tells training
prompts from held-out prompts of the same source: 0.5 if training left no trace in it, 1 if every training prompt
steers more strongly than every held-out one. Lower is better; well below 0.5 says that the two kinds of prompts
differ.

Extras: `average` and `maximum` of the training prompts' norms, the numbers of MemControl and Capacity Control (arXiv
2405.19458, 2410.22149), and `controls_average`, `controls_maximum`. Norms depend on the latent space, so those of
different models do not compare; the area does. The published code measures one random step of a noised training image
in the course of training; here it is a short trajectory of the finished model, from the prompt alone.

Only for models that can be looked into (adapters with `noise_norm`).

Time 16 passes of the network a prompt.
"""

from __future__ import annotations

import numpy as np

from chexgenbench.metrics.base import Asked, Measurement, Metric, MetricInput
from chexgenbench.metrics.units import codes


def measure(data: MetricInput) -> Measurement:
    """Norms of both kinds of prompts, for the `noise_gap` estimator."""
    members, controls = (_measured(asked) for asked in (data.probes, data.controls))
    if members is None or controls is None:
        return Measurement(reason="the generator is no white box, or only one kind of prompts was measured")
    of = codes(np.concatenate([members.images.patients, controls.images.patients]))
    assert members.noise is not None
    assert controls.noise is not None
    return Measurement(
        {
            "members": members.noise,
            "members_cluster": of[: len(members)],
            "controls": controls.noise,
            "controls_cluster": of[len(members) :],
        },
        n_generated=len(members),
        n_reference=len(controls),
    )


def _measured(asked: Asked | None) -> Asked | None:
    """The draws that have a norm (the first of each prompt), or None without any."""
    if asked is None or asked.noise is None:
        return None
    rows = np.flatnonzero(np.isfinite(asked.noise))
    return asked.take(rows) if len(rows) else None


METRIC = Metric(
    name="noise_norm",
    display="Noise norm (AUROC)",
    family="memorisation",
    direction="lower",
    measure=measure,
    estimator="noise_gap",
    source="Wen et al. 2024 (ICLR); MemControl, arXiv 2405.19458",
    cost="16 passes of the network a prompt",
    per_group=False,
    floor=False,
    needs=frozenset({"noise", "controls"}),
    min_images=1,
)

"""Share of prompts that are longer than the model's text encoder reads: what lies beyond is never drawn.

A text encoder reads so many tokens (CLIP 77, RadEdit's BERT 128, PixArt's and Sana's 300) and cuts the rest off without
a word. A finding that stands at the end of a report is then missing for a reason that no other metric tells from not
listening. The value is the share of the evaluated prompts that are cut, 0 to 1, lower is better; of several text
encoders the one that reads the most counts.

Extras: `prompts`, `cut`, `longest` (tokens), `over_77`, `over_128` and `over_300` (prompts longer than that), and
`cut_short`, prompts that the shortest of several encoders (a CLIP beside a T5) cannot read to their end. Tokens are
those of the model's own tokeniser, so these counts of two models compare only roughly. No prompt is stored, nor the
length of one.

Only for generators that tell how long a prompt is for them (`annotate`); others read no text, or nobody knows how much.

Estimator: mean of an indicator, cluster bootstrap by patient.

Time: one pass of the tokeniser a prompt.
"""

from __future__ import annotations

import numpy as np

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import codes
from model_adapters.inference.prompt_lengths import LIMITS


def measure(data: MetricInput) -> Measurement:
    """Which prompts are cut, and counts, for the `prompts_cut` estimator."""
    assert data.lengths is not None
    tokens, cut, short = data.lengths.tokens, data.lengths.cut, data.lengths.cut_short
    arrays = {
        "cut": cut.astype(np.float64),
        "cluster": codes(data.lengths.patients),
        "limits": np.array(LIMITS, np.int64),
        "over": np.array([(tokens > limit).sum() for limit in LIMITS], np.int64),
        "longest": np.array([tokens.max()], np.int64),
    }
    if short is not None:
        arrays["cut_short"] = np.array([short.sum()], np.int64)
    return Measurement(arrays, {"seed": data.seed}, n_generated=len(tokens), n_reference=0)


METRIC = Metric(
    name="prompt_cut",
    display="Prompts cut off",
    family="alignment",
    direction="lower",
    measure=measure,
    estimator="prompts_cut",
    source="by this suite; limits of the published benchmark's models",
    cost="a pass of the tokeniser a prompt",
    unit="share",
    per_group=False,
    floor=False,
    needs=frozenset({"lengths"}),
    min_images=1,
)

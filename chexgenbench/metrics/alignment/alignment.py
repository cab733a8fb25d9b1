"""Alignment: the mean cosine of a generated image and its prompt.

(1/n) sum_i cos(f(x_i), g(t_i)) with an image encoder f and a text encoder g of one space (CLIPScore of Hessel et al.
2021 without its factor 2.5 and without its cut at 0; with BioViL-T the published score of CheXGenBench). -1 to 1,
higher is better, no unit. The scale belongs to the model: compare generators, never models, and read it beside
"mismatched", the mean with the prompt of another patient with other findings, and "auroc", the share of (matched,
mismatched) pairs in the right order; real images of held-out patients are the floor beside it.

Without a joint model (encoder lite0) a ridge regression from image feature to centred prompt embedding (MiniLM) is
fitted on real training images, its penalty by the cosine on held-out training patients; then 0 is no relation. On 183
real radiographs of NIH ChestX-ray14 it gives 0.40, and 0.01 with images of the right view and the wrong findings.

Interval: cluster bootstrap by patient; the head is held fixed.

v1 is the published call: each cosine is rounded to three decimals before the mean.

Time O(n d t), and O(min(m, d)^3) once for the head on m training images; memory O((n + m) d).
"""

from __future__ import annotations

import numpy as np

from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import per_image
from chexgenbench.prompt_match import deranged, matched

CONDITIONAL = "encoders and head fixed"


def measure(data: MetricInput) -> Measurement:
    """Matched and mismatched cosine by image, for the `image_text` estimator."""
    found = matched(data)
    if isinstance(found, str):
        return Measurement(reason=found)
    values = {"values": found.own}
    other = deranged(data.generated)
    if (other >= 0).all():
        values["mismatched"] = np.einsum("nd,nd->n", found.images, found.texts[other])
    arrays = per_image(data, data.generated, **values)
    return Measurement(arrays, {"seed": data.seed, "conditional": CONDITIONAL, **found.facts()})


def measure_published(data: MetricInput) -> Measurement:
    """Cosines rounded to three decimals."""
    found = matched(data)
    if isinstance(found, str):
        return Measurement(reason=found)
    arrays = per_image(data, data.generated, values=np.round(found.own, 3))
    return Measurement(arrays, {"seed": data.seed, "conditional": CONDITIONAL})


METRIC = Metric(
    name="alignment",
    display="Image-text cosine",
    family="alignment",
    direction="higher",
    measure=measure,
    estimator="image_text",
    source="Hessel et al. 2021, arXiv 2104.08718; Bannur et al. 2023, arXiv 2301.04558",
    cost="O(n d t) time; the head O(min(m, d)^3) once",
    floor="held_out",
    needs=frozenset({"encoder", "texts", "train"}),
)

PUBLISHED = Metric(
    name="alignment",
    display="Image-text cosine (published)",
    family="alignment",
    direction="higher",
    measure=measure_published,
    estimator="clustered_mean",
    source="CheXGenBench metrics/img_text_alignment_scores.py with hi-ml-multimodal's BioViL-T",
    cost="O(n d) time",
    floor=False,
    needs=frozenset({"encoder", "texts"}),
    quirks=(
        "each cosine is rounded to three decimals before the mean",
        "the single mean was published, without interval and without a mismatched control",
        "the single-image mode of a temporal model, trained on the hospital that it is tested on",
    ),
)

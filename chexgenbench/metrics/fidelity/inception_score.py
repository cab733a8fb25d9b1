"""Inception score: are single images classified with confidence, and all classes used?

exp E_x KL(p(y | x) || p(y)), p(y | x) the softmax of the encoder's class head (Salimans et al. 2016). 1 to the number
of classes, higher is better. It sees no real image. With ImageNet classes it says little about radiographs, which are
spread over few classes; it is here because it is published.

v2 uses the class head and no splits: splits only add bias. The estimate still grows with n (the `inception_score`
estimator corrects by jackknife), so groups are also compared at equal n. v1 is the published call, a softmax over the
pooled features themselves, which are not class scores.

Time O(n d c), memory O(n c).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Measurement, Metric, MetricInput, Side
from chexgenbench.metrics.units import is_open
from leaderboards.statistics.blocks import PRIVATE_PATIENTS, patient_blocks
from leaderboards.statistics.kernel_tiles import Float, spans

SPLITS = 10
BLOCKS = 20
"""Blocks of patients that are stored: a block is as long as the list of classes, and every group has its own."""


def measure(data: MetricInput) -> Measurement:
    """Sums of class probabilities over blocks of patients, for the `inception_score` estimator."""
    if data.class_weight is None or data.class_bias is None:
        return Measurement(reason=f"{data.encoder} has no class head")
    side = data.generated
    block = patient_blocks(side.patients, _blocks(data, side))
    count = np.bincount(block)
    sums, negative = np.zeros((len(count), len(data.class_bias))), np.zeros(len(count))
    weight, bias = data.class_weight.astype(np.float64), data.class_bias.astype(np.float64)
    for rows in spans(len(side), 1024):
        probability, negative_entropy = softmax(side.features[rows].astype(np.float64) @ weight.T + bias)
        np.add.at(sums, block[rows], probability)
        np.add.at(negative, block[rows], negative_entropy)
    return Measurement(
        {"class_sums": sums.astype(np.float32), "negative_entropy": negative, "count": count.astype(np.int64)}
    )


def _blocks(data: MetricInput, side: Side) -> int:
    if is_open(data, side):
        return BLOCKS
    return min(BLOCKS, max(1, len(np.unique(side.patients)) // PRIVATE_PATIENTS))


def softmax(logits: Float) -> tuple[Float, Float]:
    """Probabilities float64[n, c] and sum p log p float64[n]."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponential = np.exp(shifted)
    total = exponential.sum(axis=1, keepdims=True)
    probability = exponential / total
    return probability, (probability * (shifted - np.log(total))).sum(axis=1)


def measure_published(data: MetricInput) -> Measurement:
    """The mean over ten shuffled splits of the score of softmaxed features."""
    value = published(data.generated.features, np.random.default_rng(data.seed))
    return Measurement({"value": np.array([value])}, {"interval_reason": "the published code drops the spread"})


def published(features: NDArray[np.float32], rng: np.random.Generator) -> float:
    """Softmax over the features, shuffled, ten equal splits of ceil(n / 10), mean of their scores."""
    probability, negative_entropy = softmax(features.astype(np.float64))
    order = rng.permutation(len(features))
    scores = []
    for rows in spans(len(features), -(-len(features) // SPLITS)):
        marginal = probability[order[rows]].mean(axis=0)
        safe = np.where(marginal > 0, marginal, 1.0)
        scores.append(float(np.exp(negative_entropy[order[rows]].mean() - (marginal * np.log(safe)).sum())))
    return float(np.mean(scores))


METRIC = Metric(
    name="inception_score",
    display="Inception score",
    family="fidelity",
    direction="higher",
    measure=measure,
    estimator="inception_score",
    source="Salimans et al. 2016, arXiv 1606.03498",
    cost="O(n d c) time, O(1024 c) memory",
    matched=True,
    needs=frozenset({"encoder", "class_head"}),
)

PUBLISHED = Metric(
    name="inception_score",
    display="Inception score (published)",
    family="fidelity",
    direction="higher",
    measure=measure_published,
    estimator="scalar",
    source="CheXGenBench metrics/fid.py with torchmetrics InceptionScore(feature=2048)",
    cost="O(n d) time and memory",
    quirks=(
        "the softmax is taken over the pooled features (2048 of Inception-v3), not over class scores",
        "ten splits, each with its own marginal, of an unseeded shuffle (seeded here)",
        "the standard deviation over splits is dropped",
    ),
)

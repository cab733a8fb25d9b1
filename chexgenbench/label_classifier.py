"""A classifier of findings on an encoder's features, trained on real images: what label consistency asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import MetricInput, Side
from data_splits.case import CHEXPERT_LABELS
from data_splits.integrity import content_hash
from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.classification_scores import UNKNOWN

XRV = "xrv-densenet"
XRV_NAMES = {"Effusion": "Pleural Effusion", "Pleural_Thickening": "Pleural Other"}
"""Output of torchxrayvision -> CheXpert label where the names differ; the others keep theirs or have no counterpart."""

MIN_IMAGES, MIN_POSITIVES = 50, 10
"""Fewer real training images give no classifier; a label with fewer positive or negative ones is not trained."""


@dataclass(frozen=True)
class LabelClassifier:
    """probability = sigmoid(((x - mean) / scale) @ weight.T + bias).

    Attributes:
        name: what it is, for the record. labels: CheXpert names of its outputs.
        mean, scale: float64[d]. weight: float64[labels, d]. bias: float64[labels].
    """

    name: str
    labels: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    def __call__(self, features: NDArray[np.float32], labels: Sequence[str]) -> NDArray[np.float32]:
        """Probabilities of some of its labels, float32[n, len(labels)]."""
        rows = [self.labels.index(label) for label in labels]
        with one_thread():
            logit = ((features.astype(np.float64) - self.mean) / self.scale) @ self.weight[rows].T + self.bias[rows]
        # both branches of a stable sigmoid: no overflow for large logits
        probability: NDArray[np.float32] = (0.5 * (1.0 + np.tanh(0.5 * logit))).astype(np.float32)
        return probability


def label_classifier(data: MetricInput) -> LabelClassifier | str:
    """The encoder's own chest classifier, else a probe on real training images (once a run), or why there is none."""
    if data.encoder == XRV and data.class_weight is not None and data.class_bias is not None:
        return _xrv(data.class_weight, data.class_bias)
    train = data.train
    if train is None or len(train) < MIN_IMAGES:
        return f"{0 if train is None else len(train)} real training images; a classifier needs {MIN_IMAGES}"
    key = f"label classifier/{data.encoder}/{content_hash(train.ids.tolist())}"
    if key not in data.shared:
        data.shared[key] = _probe(train)
    found: LabelClassifier | str = data.shared[key]
    return found


def targets(side: Side) -> NDArray[np.uint8]:
    """uint8[n, 14]: 1, 0, or UNKNOWN where a label is uncertain or absent, in CheXpert order."""
    table = np.full((len(side.cases), len(CHEXPERT_LABELS)), UNKNOWN, np.uint8)
    for row, case in enumerate(side.cases):
        for column, name in enumerate(CHEXPERT_LABELS):
            if case.labels.get(name) in (0, 1):
                table[row, column] = case.labels[name]
    return table


def _probe(train: Side) -> LabelClassifier | str:
    from model_adapters.predictors.linear_probe import fit_probe

    table = targets(train)
    enough = [
        column
        for column in range(table.shape[1])
        if min((table[:, column] == 1).sum(), (table[:, column] == 0).sum()) >= MIN_POSITIVES
    ]
    if not enough:
        return f"no label has {MIN_POSITIVES} positive and {MIN_POSITIVES} negative real training images"
    wanted = np.where(table == UNKNOWN, np.nan, table).astype(np.float32)[:, enough]
    probe = fit_probe(train.features, wanted, train.patients, seed=0)
    names = tuple(CHEXPERT_LABELS[column] for column in enough)
    return LabelClassifier("logistic probe", names, probe.mean, probe.scale, probe.weight, probe.bias)


def _xrv(weight: NDArray[np.float32], bias: NDArray[np.float32]) -> LabelClassifier | str:
    from model_adapters.encoders.xrv_densenet import PATHOLOGIES

    if len(bias) != len(PATHOLOGIES):
        return f"the class head has {len(bias)} outputs, torchxrayvision's {len(PATHOLOGIES)}"
    names = [XRV_NAMES.get(name, name) for name in PATHOLOGIES]
    rows = [row for row, name in enumerate(names) if name in CHEXPERT_LABELS]
    dim = weight.shape[1]
    return LabelClassifier(
        "class head of xrv-densenet",
        tuple(names[row] for row in rows),
        np.zeros(dim),
        np.ones(dim),
        weight[rows].astype(np.float64),
        bias[rows].astype(np.float64),
    )

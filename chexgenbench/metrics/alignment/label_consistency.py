"""Label consistency: a classifier trained on real images looks for the findings that the prompts name.

Macro AUROC over the labels of the cases: a generated image counts as positive for a label if its case has it (1) and
as negative if not (0); uncertain and unknown ones do not count. 0 to 1, higher is better, 0.5 is no relation, no unit.
A label with fewer than 10 positive or negative images, or fewer than 5 patients behind them, is left out and named in
`left_out`. Beside it: each label ("generated.Edema"), the same classifier on the real images of the same cases
("real": what a perfect generator would score) with the paired difference ("generated_minus_real"), and F1 at a
probability of one half ("f1_macro").

The classifier is the class head of `xrv-densenet`, where that is the encoder, else one logistic regression a label on
the encoder's features of real training images (penalty chosen on a fifth of the training patients). After the label
check of EHRXDiff and JustLLMGRPO; no published number is comparable, since each has its own classifier. Images copied
from those the classifier was trained on score above real ones: read it beside the memorisation family. The labels of a
split may be confounded (in NIH's public selection every label comes with pneumonia): read single labels with that in
mind.

Interval: bootstrap over patients, the classifier held fixed; for a split whose images stay at home a jackknife over
blocks of patients.

Time O(m d) once for the classifier on m training images, O(1000 n labels) for the interval.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.label_classifier import label_classifier, targets
from chexgenbench.metrics.base import Measurement, Metric, MetricInput
from chexgenbench.metrics.units import codes, private_blocks
from data_splits.case import CHEXPERT_LABELS
from leaderboards.statistics.classification import LEAST, LEAST_PATIENTS, leave_blocks_out, no_label
from leaderboards.statistics.classification_scores import eligible_labels, score_table

REPLICATES = 1000


def measure(data: MetricInput) -> Measurement:
    """Truth and probabilities by image, for the `label_consistency` estimator."""
    truth = targets(data.generated)
    cluster = codes(data.generated.patients)
    chosen = eligible_labels(truth, cluster, LEAST, LEAST_PATIENTS)
    if not len(chosen):
        return Measurement(reason=no_label(LEAST, LEAST_PATIENTS))
    classify = label_classifier(data)
    if isinstance(classify, str):
        return Measurement(reason=classify)
    able = [each for each in chosen if CHEXPERT_LABELS[each] in classify.labels]
    if not able:
        return Measurement(reason="the classifier knows none of the labels that could be scored")
    names = [CHEXPERT_LABELS[each] for each in able]
    arrays: dict[str, NDArray[Any]] = {
        "truth": truth[:, able],
        "cluster": cluster,
        "generated": classify(data.generated.features, names)[None],
    }
    real = _real_rows(data)
    if real is not None:
        arrays["real"] = classify(data.reference.features[real], names)[None]
    parameters: dict[str, int | float | str | bool] = {
        "labels": "|".join(names),
        "arms": "generated|real" if real is not None else "generated",
        "baseline": "real" if real is not None else "",
        "seed": data.seed,
        "replicates": REPLICATES,
        "classifier": classify.name,
        "left_out": _left_out(truth, names),
    }
    f1 = score_table(
        "f1_macro", np.asarray(arrays["generated"], np.float64), truth[:, able], np.ones((1, len(truth)))
    ).mean()
    if not data.share_reference:
        # single probabilities of real images, and who has which finding, stay at home
        stored = leave_blocks_out(
            arrays,
            private_blocks(data.generated),
            statistic="auroc",
            labels=str(parameters["labels"]),
            arms=str(parameters["arms"]),
        )
        if stored is None:
            return Measurement(reason="every label has all its positives in one block of patients")
        arrays, parameters["labels"] = dict(stored[0]), stored[1]
    return Measurement({**arrays, "f1_macro": np.array([f1])}, parameters)


def _real_rows(data: MetricInput) -> NDArray[np.intp] | None:
    """The row of the reference image of each generated image's case, where every case has one."""
    place = {name: row for row, name in enumerate(data.reference.ids.tolist())}
    rows = [place.get(name) for name in data.generated.ids.tolist()]
    if any(row is None for row in rows):
        return None
    return np.array(rows, np.intp)


def _left_out(truth: NDArray[np.uint8], names: list[str]) -> str:
    """Every known label that is not scored, with its counts."""
    out = []
    for column, label in enumerate(CHEXPERT_LABELS):
        positive, negative = int((truth[:, column] == 1).sum()), int((truth[:, column] == 0).sum())
        if label not in names and positive + negative:
            out.append(f"{label} ({positive} positive, {negative} negative)")
    return ", ".join(out)


METRIC = Metric(
    name="label_consistency",
    display="Label AUROC",
    family="alignment",
    direction="higher",
    measure=measure,
    estimator="label_consistency",
    source="label check as in EHRXDiff and JustLLMGRPO (arXiv 2608.08046)",
    cost="O(m d) time once; O(1000 n labels) for the interval",
    floor="held_out",
    needs=frozenset({"encoder", "train"}),
)

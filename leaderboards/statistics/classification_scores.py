"""Scores of binary classifiers under image weights: many weightings at once, which is what a bootstrap asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

UNKNOWN = 2
"""The entry of a uint8 truth table for a label that nobody knows: such a cell enters no score."""

BINS = 10
"""Bins of equal width of the calibration error (Naeini et al. 2015)."""

THRESHOLD = 0.5
"""A probability of at least this counts as "present" in F1 and accuracy."""


def auroc(score: Float, truth: Bool, weight: Float) -> Float:
    """Area under the ROC curve: the weighted share of (positive, negative) pairs in the right order, ties one half.

    Args:
        score: float64[n]. truth: bool[n]. weight: float64[b, n], one weighting a row.

    Returns:
        float64[b]; NaN where a weighting has no positive or no negative.
    """
    order = np.argsort(score, kind="stable")
    positive, negative = _by_class(score[order], truth[order], weight[:, order])
    below = np.cumsum(negative, axis=1) - 0.5 * negative
    area = (positive * below).sum(axis=1)
    return _ratio(area, positive.sum(axis=1) * negative.sum(axis=1))


def average_precision(score: Float, truth: Bool, weight: Float) -> Float:
    """Area under the precision-recall curve as a sum of steps: sum_k (R_k - R_(k-1)) P_k over distinct thresholds.

    Arguments and result as for `auroc`; NaN where a weighting has no positive.
    """
    order = np.argsort(-score, kind="stable")
    positive, negative = _by_class(score[order], truth[order], weight[:, order])
    hits = np.cumsum(positive, axis=1)
    called = np.cumsum(positive + negative, axis=1)
    precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
    return _ratio((positive * precision).sum(axis=1), hits[:, -1])


def f1(score: Float, truth: Bool, weight: Float) -> Float:
    """2 TP / (2 TP + FP + FN) at a probability of 0.5; 0 where nothing is called and nothing was there."""
    tp, fp, fn, _ = _confusion(score, truth, weight)
    total = 2 * tp + fp + fn
    return np.divide(2 * tp, total, out=np.zeros_like(tp), where=total > 0)


def balanced_accuracy(score: Float, truth: Bool, weight: Float) -> Float:
    """Mean of sensitivity and specificity at a probability of 0.5: one half for a constant answer."""
    tp, fp, fn, tn = _confusion(score, truth, weight)
    return 0.5 * (_ratio(tp, tp + fn) + _ratio(tn, tn + fp))


def plain_accuracy(score: Float, truth: Bool, weight: Float) -> Float:
    """Share of right answers at a probability of 0.5; high for a constant "absent" where findings are rare."""
    tp, fp, fn, tn = _confusion(score, truth, weight)
    return _ratio(tp + tn, tp + fp + fn + tn)


def calibration_error(score: Float, truth: Bool, weight: Float) -> Float:
    """Expected calibration error: sum over bins of (weight of the bin) |mean probability - share of positives|.

    Ten bins of equal width. The plug-in estimate is biased upwards, the more the fewer images a bin holds.
    """
    bins = np.minimum((score * BINS).astype(np.intp), BINS - 1)
    member = np.zeros((len(score), BINS))
    member[np.arange(len(score)), bins] = score - truth
    return _ratio(np.abs(weight @ member).sum(axis=1), weight.sum(axis=1))


def calibration_errors_if_calibrated(
    score: Float, patient: NDArray[np.intp], draws: int, rng: np.random.Generator
) -> Float:
    """float64[draws], the calibration error that these probabilities would show if every one of them were right.

    Labels are drawn from the probabilities. Images of a patient share one random number, as dependent as they can be,
    so the errors are rather too large than too small.

    Args:
        score: float64[n]. patient: int[n], from 0.
    """
    bins = np.minimum((score * BINS).astype(np.intp), BINS - 1)
    errors = np.empty(draws)
    for draw in range(draws):
        present = rng.random(int(patient.max()) + 1)[patient] < score
        errors[draw] = np.abs(np.bincount(bins, score - present, minlength=BINS)).sum() / len(score)
    return errors


Score = Callable[[Float, Bool, Float], Float]

PER_LABEL: dict[str, Score] = {
    "auroc": auroc,
    "auprc": average_precision,
    "f1_macro": f1,
    "balanced_accuracy": balanced_accuracy,
    "ece": calibration_error,
}
"""Statistics of one label, reported as the mean over labels."""

POOLED: dict[str, Score] = {"f1_micro": f1, "accuracy": plain_accuracy}
"""Statistics of all cells (image, label) at once."""


def columns_of(statistic: str, labels: int) -> int:
    """How many numbers a statistic gives for so many labels."""
    return 1 if statistic in POOLED else labels


def score_table(statistic: str, probability: Float, truth: NDArray[np.uint8], weight: Float) -> Float:
    """A statistic of every seed and label.

    Args:
        probability: float64[s, n, l] of s trainings. truth: uint8[n, l], 0, 1 or UNKNOWN. weight: float64[b, n].

    Returns:
        float64[b, s, l], or float64[b, s, 1] of a pooled statistic.

    Raises:
        KeyError: no statistic of this name.
    """
    seeds, _, labels = probability.shape
    if statistic in POOLED:
        known = truth != UNKNOWN
        image, _ = np.nonzero(known)
        cells = weight[:, image]
        pooled = [POOLED[statistic](probability[s][known], truth[known] == 1, cells) for s in range(seeds)]
        return np.stack(pooled, axis=1)[:, :, None]
    score = PER_LABEL[statistic]
    table = np.empty((len(weight), seeds, labels))
    for label in range(labels):
        known = truth[:, label] != UNKNOWN
        present, cells = truth[known, label] == 1, weight[:, known]
        for s in range(seeds):
            table[:, s, label] = score(probability[s, known, label], present, cells)
    return table


def eligible_labels(
    truth: NDArray[np.uint8], cluster: NDArray[np.int64], least: int, least_patients: int
) -> NDArray[np.intp]:
    """The labels with at least so many positive and negative images, each of at least so many patients."""

    def enough(mask: Bool) -> bool:
        return int(mask.sum()) >= least and len(np.unique(cluster[mask])) >= least_patients

    chosen = [each for each in range(truth.shape[1]) if enough(truth[:, each] == 1) and enough(truth[:, each] == 0)]
    return np.asarray(chosen, np.intp)


def _by_class(score: Float, truth: Bool, weight: Float) -> tuple[Float, Float]:
    """Weights of positives and of negatives by distinct score: float64[b, distinct] twice. Images are sorted."""
    positive, negative = weight * truth, weight * ~truth
    starts = np.flatnonzero(np.concatenate([[True], score[1:] != score[:-1]])) if len(score) else np.zeros(0, np.intp)
    if len(starts) == len(score):
        return positive, negative
    return np.add.reduceat(positive, starts, axis=1), np.add.reduceat(negative, starts, axis=1)


def _confusion(score: Float, truth: Bool, weight: Float) -> tuple[Float, Float, Float, Float]:
    called = score >= THRESHOLD
    cells = np.stack([called & truth, called & ~truth, ~called & truth, ~called & ~truth], axis=1).astype(np.float64)
    tp, fp, fn, tn = (weight @ cells).T
    return tp, fp, fn, tn


def _ratio(top: Float, bottom: Float) -> Float:
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)

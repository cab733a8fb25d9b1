"""How well classifiers that were trained in different ways predict the same test images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.classification_scores import (
    PER_LABEL,
    POOLED,
    UNKNOWN,
    Float,
    calibration_errors_if_calibrated,
    eligible_labels,
    score_table,
)
from leaderboards.statistics.classification_tables import (
    TableOf,
    Tables,
    bootstrapped,
    from_left_out,
    left_out,
    macro,
)
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays

NULL_DRAWS = 400
"""Draws of labels from the probabilities, to see how large a calibration error chance alone makes."""

LEAST, LEAST_PATIENTS = 10, 5
"""Fewer positive or negative test images, or patients behind them, leave a label out of the mean."""


def classification(
    arrays: Arrays,
    *,
    statistic: str,
    labels: str,
    arms: str,
    seed: int,
    baseline: str = "",
    by_label: bool = False,
    replicates: int = 1000,
    level: float = 0.95,
    least: int = LEAST,
    least_patients: int = LEAST_PATIENTS,
    interval_reason: str = "",
    **_recorded: float | str,
) -> Estimate:
    """A score of the first arm: mean over trainings (seeds) and over labels with enough test images of both kinds.

    The interval is a bootstrap over test patients, the same patients for every arm, and over trainings (see
    `Tables.interval`). The training images are held fixed: it is about these images, not about new ones.

    Extras: the value of every other arm with its interval; every arm less the baseline arm, paired by patient and
    seed, with interval (but for points of a learning curve, "tstr_25"); "labels", how many entered the mean; "seed_sd",
    the spread over trainings; and, if asked, the first arm by label ("tstr.Edema") with the baseline and the difference
    ("tstr_minus_trtr.Edema").

    A calibration error is biased upwards. Its interval starts at 0 unless the value is larger than chance makes it for
    a classifier whose every probability is right (97.5 % of draws; their mean is the extra "if_calibrated").

    Args:
        arrays: truth: uint8[n, l], 0, 1 or 2 (unknown); cluster: int64[n], the patient of each image; and for every
            arm its name -> float32[seeds, n, l], probabilities. Or those of `classification_blocks`.
        statistic: "auroc", "auprc", "f1_macro", "balanced_accuracy", "ece" (means over labels), "f1_micro",
            "accuracy" (over all cells of these labels).
        labels: names of the l columns, joined by "|". arms: names joined by "|", the headline first.
        baseline: the arm that the others are compared with, "" for none. by_label: report single labels too.
        replicates: 0 for no interval, with `interval_reason`.
        least, least_patients: what a label needs of positive and of negative test images.

    Raises:
        KeyError: an unknown statistic or an arm without array. ValueError: shapes that do not fit.
    """
    _require(statistic)
    if "share" in arrays:
        return classification_blocks(
            arrays,
            statistic=statistic,
            labels=labels,
            arms=arms,
            baseline=baseline,
            by_label=by_label,
            level=level,
            seed=seed,
            interval_reason=interval_reason,
        )
    truth, cluster, names = arrays["truth"], arrays["cluster"], tuple(labels.split("|"))
    chosen = eligible_labels(truth, cluster, least, least_patients)
    if truth.shape != (len(cluster), len(names)):
        raise ValueError(f"truth has shape {truth.shape}; {len(cluster)} clusters and {len(names)} labels were given")
    if not len(chosen):
        return undefined(no_label(least, least_patients))
    wanted = tuple(arms.split("|"))
    table = table_of({arm: arrays[arm] for arm in wanted}, truth, chosen, statistic)
    tables = bootstrapped(table, cluster, seed, replicates)
    found = summary(
        tables,
        wanted,
        baseline,
        tuple(names[each] for each in chosen) if by_label and statistic not in POOLED else (),
        seed=seed,
        level=level,
        biased=statistic == "ece",
        extra={"labels": float(len(chosen)), "patients": float(tables.units)},
        interval_reason=interval_reason,
    )
    if statistic == "ece" and found.low is not None:
        return _from_nought(found, arrays[wanted[0]][:, :, chosen], truth[:, chosen], cluster, seed, level)
    return found


def _from_nought(
    found: Estimate,
    probability: NDArray[np.float32],
    truth: NDArray[np.uint8],
    cluster: NDArray[np.int64],
    seed: int,
    level: float,
) -> Estimate:
    """The estimate of a calibration error, its interval from 0 where chance explains it."""
    rng, of = np.random.default_rng([seed, 2]), np.unique(cluster, return_inverse=True)[1].reshape(-1)
    total = np.zeros(NULL_DRAWS)
    seeds, _, labels = probability.shape
    for label in range(labels):
        known = truth[:, label] != UNKNOWN
        for s in range(seeds):
            scores = probability[s, known, label].astype(np.float64)
            total += calibration_errors_if_calibrated(scores, of[known], NULL_DRAWS, rng)
    null = total / (seeds * labels)
    assert found.value is not None and found.low is not None
    explained = found.value <= float(np.quantile(null, 0.5 + level / 2))
    return replace(
        found,
        low=0.0 if explained else max(found.low, 0.0),
        extra={**found.extra, "if_calibrated": float(null.mean())},
    )


def classification_blocks(
    arrays: Arrays,
    *,
    statistic: str,
    labels: str,
    arms: str,
    baseline: str = "",
    by_label: bool = False,
    level: float = 0.95,
    seed: int = 0,
    interval_reason: str = "",
    **_recorded: float | str,
) -> Estimate:
    """`classification` from scores without one block of patients each: for splits whose images stay at home.

    The interval is the delete-a-block jackknife with the variance over trainings added; it is not paired with a
    bootstrap, so it differs a little from that of an open split.

    Args:
        arrays: share: float64[blocks], of the images; for every arm float64[1 + blocks, seeds, columns], the whole
            score first (`leave_blocks_out` makes them).
        labels: those that are scored. The other arguments as for `classification`.
    """
    _require(statistic)
    wanted = tuple(arms.split("|"))
    tables = from_left_out({arm: np.asarray(arrays[arm], np.float64) for arm in wanted}, arrays["share"])
    if statistic == "ece":
        reason = "the interval of a calibration error needs the probabilities of single images"
        tables = replace(tables, resampled={arm: each[:0] for arm, each in tables.resampled.items()}, reason=reason)
    names = tuple(labels.split("|"))
    return summary(
        tables,
        wanted,
        baseline,
        names if by_label and statistic not in POOLED else (),
        seed=seed,
        level=level,
        biased=False,
        extra={"labels": float(len(names)), "blocks": float(tables.units)},
        interval_reason=interval_reason,
    )


def leave_blocks_out(
    arrays: Arrays,
    block: NDArray[np.int64],
    *,
    statistic: str,
    labels: str,
    arms: str,
    least: int = LEAST,
    least_patients: int = LEAST_PATIENTS,
    **_: object,
) -> tuple[dict[str, NDArray[np.float64]], str] | None:
    """The arrays of `classification_blocks` and its labels, from the arrays of `classification`.

    A label whose positives (or negatives) all lie in one block is left out. With a single block nothing is left out
    but the interval: the arrays hold the whole scores.

    Returns:
        None without a label that can be scored.
    """
    truth = arrays["truth"]
    chosen = eligible_labels(truth, arrays["cluster"], least, least_patients)
    several = int(block.max()) > 0
    spread = [
        each
        for each in chosen
        if not several or all(len(np.unique(block[truth[:, each] == kind])) > 1 for kind in (0, 1))
    ]
    if not spread:
        return None
    table = table_of({arm: arrays[arm] for arm in arms.split("|")}, truth, np.asarray(spread, np.intp), statistic)
    names = labels.split("|")
    found = left_out(table, block) if several else table(np.ones((1, len(block))))
    return {"share": np.bincount(block) / len(block), **found}, "|".join(names[i] for i in spread)


def table_of(
    probability: Mapping[str, NDArray[np.float32]], truth: NDArray[np.uint8], chosen: NDArray[np.intp], statistic: str
) -> TableOf:
    """Image weights -> scores of every arm on the chosen labels, for `bootstrapped` and `left_out`."""
    for arm, each in probability.items():
        if each.ndim != 3 or each.shape[1:] != truth.shape:
            raise ValueError(f"arm {arm} has shape {each.shape}, which does not fit a truth of {truth.shape}")
    kept = {arm: np.asarray(each, np.float64)[:, :, chosen] for arm, each in probability.items()}
    known = truth[:, chosen]

    def table(weight: Float) -> dict[str, Float]:
        return {arm: score_table(statistic, each, known, weight) for arm, each in kept.items()}

    return table


def summary(
    tables: Tables,
    arms: Sequence[str],
    baseline: str,
    labels: Sequence[str],
    *,
    seed: int,
    level: float,
    biased: bool,
    extra: Mapping[str, float],
    interval_reason: str = "",
) -> Estimate:
    """The estimate of the first arm with every other number as an extra."""
    numbers = dict(extra)
    first = arms[0]
    by_seed = macro(tables.point[first])
    value = float(by_seed.mean())
    numbers["trainings"] = float(len(by_seed))
    if len(by_seed) > 1:
        numbers["seed_sd"] = float(by_seed.std(ddof=1))
    for name, point, resampled in _numbers(tables, arms, baseline, labels):
        numbers[name] = float(point.mean())
        if biased and "_minus_" not in name:
            continue
        found = tables.interval(point, resampled, seed, level)
        if found is not None:
            numbers |= {f"{name}_low": found.low, f"{name}_high": found.high}
    own = tables.interval(by_seed, macro(tables.resampled[first]), seed, level, biased)
    if own is None:
        reason = interval_reason or tables.reason or "a label has no score in some resampling"
        return Estimate(value=value, level=level, interval_reason=reason, extra=numbers)
    way = "delete-a-block jackknife" if tables.jackknife else "bootstrap"
    return Estimate(
        value=value,
        low=own.low,
        high=own.high,
        se=own.se,
        level=level,
        method=f"{way} over test patients and trainings; training images fixed",
        extra=numbers,
    )


def no_label(least: int, least_patients: int) -> str:
    """The reason where no label can be scored."""
    return f"no label has {least} positive and {least} negative test images of {least_patients} patients each"


def _numbers(
    tables: Tables, arms: Sequence[str], baseline: str, labels: Sequence[str]
) -> Iterator[tuple[str, Float, Float]]:
    """Every number but the headline: name, float64[seeds], float64[r, seeds]."""
    first = arms[0]
    base_point, base_resampled = (
        (tables.point[baseline], tables.resampled[baseline]) if baseline else (np.zeros((0, 0)), np.zeros((0, 0, 0)))
    )
    for column in (None, *range(len(labels))):
        suffix = "" if column is None else f".{labels[column]}"
        picked = None if column is None else [column]
        for arm in arms if column is None else dict.fromkeys((first, baseline or first)):
            point, resampled = macro(tables.point[arm], picked), macro(tables.resampled[arm], picked)
            if column is not None or arm != first:
                yield arm + suffix, point, resampled
            if baseline and arm != baseline and "_" not in arm and tables.point[arm].shape == base_point.shape:
                base = macro(base_point, picked), macro(base_resampled, picked)
                yield f"{arm}_minus_{baseline}{suffix}", point - base[0], resampled - base[1]


def _require(statistic: str) -> None:
    if statistic not in PER_LABEL and statistic not in POOLED:
        raise KeyError(f"no statistic {statistic!r}; known: {', '.join([*PER_LABEL, *POOLED])}")

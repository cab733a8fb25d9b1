"""Scores of generated texts that are functions of sums over texts: BLEU, label F1, and means. Arms are paired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.classification_scores import Float
from leaderboards.statistics.classification_tables import Tables, bootstrapped
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.registry import Arrays

LEAST = 10
"""Fewer reference texts with a label leave it out of the macro F1."""

FIVE = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion")
"""The five labels of CheXbert's short F1 (Irvin et al. 2019's competition labels)."""


def report_scores(
    arrays: Arrays,
    *,
    statistic: str,
    arms: str,
    seed: int,
    baseline: str = "",
    labels: str = "",
    least: int = LEAST,
    scale: float = 1.0,
    centre: str = "value",
    replicates: int = 1000,
    level: float = 0.95,
    interval_reason: str = "",
    **_recorded: float | str,
) -> Estimate:
    """A score of the first arm, with every other arm, and every arm less the baseline, as extras with intervals.

    What is stored of a text are the terms of sums (n-gram counts, label hits), so the score of any resampling follows
    from sums, and blocks of patients serve as well as single texts. The interval resamples patients (or blocks), the
    same ones for every arm.

    Args:
        arrays: cluster: int64[n], the patient of each text, or of each block of texts; and for every arm its name ->
            float64[n, k]:
            "bleu": words, words of the reference, then hits of n-grams 1 to N, then n-grams 1 to N (k = 2 + 2 N).
            "mean": sum of scores, texts (k = 2).
            "f1": hits, false alarms and misses of each label (k = 3 l), or the same twice, with uncertain labels as
            absent first and as present second (k = 6 l).
        statistic: "bleu", "mean" or "f1". arms: names joined by "|", the headline first. baseline: arm, or "".
        labels: of "f1", joined by "|". least: reference texts that a label of the macro F1 has.
        scale: of every number. centre: "value", or "median" of the resamplings (as published).
        replicates: 0 for no interval, with `interval_reason`.

    Returns:
        "bleu": corpus BLEU as sacrebleu computes it (exponential smoothing), but from 0 to `scale`.
        "f1": micro F1; extras end in `.macro` (mean over labels with enough reference texts), `.micro_5`, `.macro_5`,
        `.micro_plus` (uncertain as present), ... and labels; but for `.macro` only of the first arm and the baseline.

    Raises:
        KeyError: unknown statistic, or an arm without array. ValueError: shapes that do not fit.
    """
    names = tuple(labels.split("|")) if labels else ()
    wanted = tuple(arms.split("|"))
    sums = {arm: np.asarray(arrays[arm], np.float64) for arm in wanted}
    cluster = arrays["cluster"]
    if any(each.ndim != 2 or len(each) != len(cluster) for each in sums.values()):
        raise ValueError(f"an arm does not have one row for each of {len(cluster)} clusters")
    if not len(cluster):
        return undefined("no reports")
    columns, score = _scorer(statistic, names, sums[wanted[0]], least)
    if not columns:
        return undefined("no report of the reference or of the model names a finding")

    def table(weight: Float) -> dict[str, Float]:
        return {arm: scale * score(weight @ each)[:, None, :] for arm, each in sums.items()}

    tables = bootstrapped(table, cluster, seed, replicates)
    numbers: dict[str, float] = {"clusters": float(tables.units)}
    head: tuple[float, Any] | None = None
    for name, point, resampled in _numbers(tables, wanted, baseline, columns):
        value = float(point[0])
        if centre == "median" and len(resampled):
            value = float(np.median(resampled))
        found = tables.interval(point, resampled, seed, level)
        if not name:
            head = (value, found)
            continue
        numbers[name] = value
        if found is not None:
            numbers |= {f"{name}_low": found.low, f"{name}_high": found.high}
    assert head is not None
    value, own = head
    if own is None:
        reason = interval_reason or tables.reason or "the score is undefined in some resampling"
        return Estimate(value, level=level, interval_reason=reason, extra=numbers)
    way = "bootstrap over test patients; training images fixed"
    return Estimate(value, own.low, own.high, own.se, level, way, extra=numbers)


def _numbers(
    tables: Tables, arms: tuple[str, ...], baseline: str, columns: tuple[str, ...]
) -> list[tuple[str, Float, Float]]:
    """Name (of the headline: ""), float64[1], float64[r, 1]."""
    found = []
    for index, column in enumerate(columns):
        suffix = f".{column}" if column else ""
        shown = arms if column in SUMMARIES else tuple(dict.fromkeys((arms[0], baseline or arms[0])))
        for arm in shown:
            point, resampled = tables.point[arm][:, index], tables.resampled[arm][:, :, index]
            found.append(("" if arm == arms[0] and not column else arm + suffix, point, resampled))
            if baseline and arm != baseline:
                base, again = tables.point[baseline][:, index], tables.resampled[baseline][:, :, index]
                found.append((f"{arm}_minus_{baseline}{suffix}", point - base, resampled - again))
    return found


SUMMARIES = frozenset({"", "macro"})
"""Columns that are given for every arm; the others only for the first one and the baseline."""

Score = Callable[[Float], Float]
"""Sums float64[b, k] -> scores float64[b, columns]."""


def _scorer(statistic: str, labels: tuple[str, ...], sums: Float, least: int) -> tuple[tuple[str, ...], Score]:
    """Names of the score's columns, the headline's being "", and the score itself."""
    if statistic == "bleu":
        return ("",), lambda total: corpus_bleu(total)[:, None]
    if statistic == "mean":
        return ("",), lambda total: total[:, :1] / total[:, 1:2]
    if statistic != "f1":
        raise KeyError(f"no statistic {statistic!r}; known: bleu, mean, f1")
    width = 3 * len(labels)
    if not labels or sums.shape[1] not in (width, 2 * width):
        raise ValueError(f"{sums.shape[1]} columns do not hold hits, false alarms and misses of {len(labels)} labels")
    parts: dict[str, tuple[int, NDArray[np.intp], bool]] = {}
    for policy in range(sums.shape[1] // width):
        total = sums[:, policy * width : (policy + 1) * width].sum(axis=0).reshape(len(labels), 3)
        stated = total[:, 0] + total[:, 2] >= least
        for short, rows in (("", np.arange(len(labels))), ("_5", _rows(labels, FIVE))):
            end = short + ("_plus" if policy else "")
            if total[rows].any():
                parts["micro" + end if end else ""] = (policy, rows, False)
            if stated[rows].any():
                parts["macro" + end] = (policy, rows[stated[rows]], True)
        if not policy:
            for row in np.flatnonzero(stated):
                parts[labels[row]] = (policy, np.array([row]), False)

    def score(total: Float) -> Float:
        split = total.reshape(len(total), -1, len(labels), 3)
        return np.stack([_f1(split[:, policy, rows], macro) for policy, rows, macro in parts.values()], axis=1)

    return (tuple(parts) if "" in parts else ()), score


def _rows(labels: tuple[str, ...], wanted: tuple[str, ...]) -> NDArray[np.intp]:
    return np.array([labels.index(name) for name in wanted if name in labels], np.intp)


def _f1(counts: Float, macro: bool) -> Float:
    """float64[b] of hits, false alarms, misses float64[b, l, 3]; 0 where there is nothing to count."""
    if not macro:
        counts = counts.sum(axis=1, keepdims=True)
    top = 2.0 * counts[..., 0]
    bottom = top + counts[..., 1] + counts[..., 2]
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0).mean(axis=1)


def corpus_bleu(sums: Float) -> Float:
    """BLEU of corpora, float64[b] from 0 to 1, from their sums (Papineni et al. 2002; smoothing "exp" of mteval-v13a).

    Args:
        sums: float64[b, 2 + 2 N]: words, reference words, hits of n-grams of 1 to N, n-grams of 1 to N.
    """
    order = (sums.shape[1] - 2) // 2
    length, reference = sums[:, 0], sums[:, 1]
    hits, total = sums[:, 2 : 2 + order], sums[:, 2 + order :]
    missed = (hits == 0) & (total > 0)
    smoothed = 1.0 / (2.0 ** np.cumsum(missed, axis=1) * np.maximum(total, 1.0))
    precision = np.where(missed, smoothed, hits / np.maximum(total, 1.0))
    with np.errstate(divide="ignore"):
        mean = np.exp(np.log(precision).mean(axis=1))
        brevity = np.where(length > 0, np.exp(np.minimum(0.0, 1.0 - reference / np.maximum(length, 1.0))), 0.0)
    value: Float = np.where(hits.any(axis=1) & (total > 0).all(axis=1), brevity * mean, 0.0)
    return value


def summed(rows: Mapping[str, Float], block: NDArray[np.int64]) -> dict[str, Float]:
    """The same arms by block: sums of rows, which give the same scores and tell of no single text."""
    blocks = int(block.max()) + 1
    found = {}
    for arm, each in rows.items():
        found[arm] = np.zeros((blocks, each.shape[1]))
        np.add.at(found[arm], block, each)
    return found

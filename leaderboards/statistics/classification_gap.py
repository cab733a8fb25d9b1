"""The largest difference of a classifier between subgroups of the test patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.classification import LEAST, LEAST_PATIENTS
from leaderboards.statistics.classification_scores import Float, eligible_labels, score_table
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

TOO_FEW = "no two subgroups of an attribute share a label with 10 positive and 10 negative test images of 5 patients"


@dataclass(frozen=True)
class Subgroup:
    """One subgroup that can be scored. name: "sex=F". rows: its images. labels: columns scored in it."""

    name: str
    rows: NDArray[np.intp]
    labels: NDArray[np.intp]

    @property
    def attribute(self) -> str:
        """The part before the equals sign."""
        return self.name.partition("=")[0]


def classification_gap(
    arrays: Arrays,
    *,
    attributes: str,
    arms: str,
    seed: int,
    replicates: int = 2000,
    level: float = 0.95,
    subgroups: str = "",
    sizes: str = "",
    **_recorded: float | str,
) -> Estimate:
    """Worst subgroup gap: the largest difference in mean AUROC between two subgroups of one attribute.

    Within an attribute, subgroups are compared on the same labels: those with enough test images of both kinds in each
    of them. A subgroup without such a label is left out, the one with the fewest images first.

    The interval is that of the difference between the two subgroups that were found to be farthest apart, widened by
    Bonferroni for having chosen them among all pairs. The value cannot be negative, its interval can: if it holds 0,
    no gap is shown.

    Extras: "auroc.sex=F" and "n.sex=F" of the first arm; "gap.sex", the largest difference of each attribute;
    "trtr_gap", the value of every other arm.

    Args:
        arrays: as for `classification`, and for every attribute its name -> int64[n], the subgroup of each image by
            its number, -1 where unknown.
        attributes: "sex=F,M|age=<40,40-64,65+", the subgroups' names. arms: as for `classification`.
        subgroups, sizes: of `classification_gap_blocks`, where the arrays are those.
    """
    if "share" in arrays:
        return classification_gap_blocks(arrays, subgroups=subgroups, sizes=sizes, arms=arms, seed=seed, level=level)
    chosen = subgroups_of(arrays, attributes)
    if not chosen:
        return undefined(TOO_FEW)
    wanted = tuple(arms.split("|"))
    tables = bootstrapped(
        table_of({arm: arrays[arm] for arm in wanted}, arrays["truth"], chosen),
        arrays["cluster"],
        seed,
        replicates,
    )
    return _estimate(tables, wanted, {each.name: len(each.rows) for each in chosen}, seed, level)


def classification_gap_blocks(
    arrays: Arrays, *, subgroups: str, sizes: str, arms: str, seed: int = 0, level: float = 0.95, **_: float | str
) -> Estimate:
    """`classification_gap` from mean AUROCs without one block of patients each, for splits whose images stay at home.

    Args:
        arrays: share: float64[blocks]; arm -> float64[1 + blocks, seeds, subgroups].
        subgroups: their names, joined by "|". sizes: their numbers of images, likewise.
    """
    wanted, names = tuple(arms.split("|")), subgroups.split("|")
    tables = from_left_out({arm: np.asarray(arrays[arm], np.float64) for arm in wanted}, arrays["share"])
    counts = dict(zip(names, map(int, sizes.split("|")), strict=True))
    return _estimate(tables, wanted, counts, seed, level)


def leave_blocks_out_of_gap(
    arrays: Arrays, block: NDArray[np.int64], *, attributes: str, arms: str, **_: object
) -> tuple[dict[str, NDArray[np.float64]], dict[str, str]] | None:
    """The arrays and parameters of `classification_gap_blocks`, or None without two subgroups to compare."""
    subgroups = subgroups_of(arrays, attributes)
    found = left_out(table_of({arm: arrays[arm] for arm in arms.split("|")}, arrays["truth"], subgroups), block)
    if not subgroups or not all(np.isfinite(each).all() for each in found.values()):
        return None
    names = {"subgroups": "|".join(s.name for s in subgroups), "sizes": "|".join(str(len(s.rows)) for s in subgroups)}
    return {"share": np.bincount(block) / len(block), **found}, names


def subgroups_of(arrays: Arrays, attributes: str) -> list[Subgroup]:
    """Every subgroup that can be compared with another one of its attribute."""
    truth, cluster = arrays["truth"], arrays["cluster"]
    found: list[Subgroup] = []
    for part in attributes.split("|"):
        attribute, _, names = part.partition("=")
        candidates = []
        for code, name in enumerate(names.split(",")):
            rows = np.flatnonzero(arrays[attribute] == code)
            labels = eligible_labels(truth[rows], cluster[rows], LEAST, LEAST_PATIENTS)
            if len(labels):
                candidates.append(Subgroup(f"{attribute}={name}", rows, labels))
        while len(candidates) > 1:
            shared = sorted(set.intersection(*(set(each.labels.tolist()) for each in candidates)))
            if shared:
                found += [Subgroup(each.name, each.rows, np.asarray(shared, np.intp)) for each in candidates]
                break
            candidates.remove(min(candidates, key=lambda each: len(each.rows)))
    return found


def table_of(
    probability: Mapping[str, NDArray[np.float32]], truth: NDArray[np.uint8], subgroups: Sequence[Subgroup]
) -> TableOf:
    """Image weights -> arm -> float64[b, seeds, subgroups], mean AUROC over the subgroup's labels."""

    def table(weight: Float) -> dict[str, Float]:
        out = {}
        for arm, each in probability.items():
            columns = [
                macro(
                    score_table(
                        "auroc",
                        each[:, group.rows][:, :, group.labels].astype(np.float64),
                        truth[np.ix_(group.rows, group.labels)],
                        weight[:, group.rows],
                    )
                )
                for group in subgroups
            ]
            out[arm] = np.stack(columns, axis=2) if columns else np.zeros((len(weight), len(each), 0))
        return out

    return table


def _estimate(tables: Tables, arms: Sequence[str], sizes: Mapping[str, int], seed: int, level: float) -> Estimate:
    names = list(sizes)
    pairs = [
        (one, other)
        for one, other in combinations(range(len(names)), 2)
        if names[one].partition("=")[0] == names[other].partition("=")[0]
    ]
    extra: dict[str, float] = {}
    first = arms[0]
    mean = tables.point[first].mean(axis=0)
    for index, name in enumerate(names):
        extra |= {f"auroc.{name}": float(mean[index]), f"n.{name}": float(sizes[name])}
    for attribute in dict.fromkeys(name.partition("=")[0] for name in names):
        own = [pair for pair in pairs if names[pair[0]].startswith(f"{attribute}=")]
        extra[f"gap.{attribute}"] = max(abs(float(mean[one] - mean[other])) for one, other in own)
    for arm in arms[1:]:
        other_mean = tables.point[arm].mean(axis=0)
        extra[f"{arm}_gap"] = max(abs(float(other_mean[one] - other_mean[other])) for one, other in pairs)
    worst = max(pairs, key=lambda pair: abs(float(mean[pair[0]] - mean[pair[1]])))
    high, low = worst if mean[worst[0]] >= mean[worst[1]] else worst[::-1]
    point, resampled = (each[first][..., high] - each[first][..., low] for each in (tables.point, tables.resampled))
    extra["pairs"] = float(len(pairs))
    found = tables.interval(point, resampled, seed, 1.0 - (1.0 - level) / len(pairs))
    value = float(point.mean())
    if found is None:
        reason = tables.reason or "a subgroup has no score in some resampling"
        return Estimate(value=value, level=level, interval_reason=reason, extra=extra)
    return Estimate(
        value=value,
        low=found.low,
        high=found.high,
        se=found.se,
        level=level,
        method=f"{names[high]} less {names[low]}: "
        + ("delete-a-block jackknife" if tables.jackknife else "bootstrap")
        + f" over test patients and trainings, Bonferroni for {len(pairs)} pairs",
        extra=extra,
    )

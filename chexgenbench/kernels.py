"""Kernel sums between patients, from which an unbiased MMD and its jackknife follow without a kernel matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexgenbench.metrics.base import Side
from leaderboards.statistics.blocks import PRIVATE_PATIENTS, paired_blocks
from leaderboards.statistics.kernel_tiles import Float, Kernel, row_sums, rows64, spans, symmetric_row_sums

FEW = 64
"""Pairs of a group up to which they are taken one by one and not as a matrix."""

Int = NDArray[np.int64]

MAX_UNITS = 200
"""Most blocks of a credentialed reference: more would not narrow an interval."""


def pair_sums(
    generated: Side, reference: Side, kernel: Kernel, centre: Float | None = None, share: bool = True
) -> Mapping[str, NDArray[Any]]:
    """Sums of a kernel over pairs of images of different patients, in all, and as each patient takes part in them.

    The three columns are generated-generated, reference-reference and generated-reference pairs; pairs within a side
    are ordered pairs (each counted twice). A "unit" is a patient; where per-patient numbers of real images may not be
    shared, a block of at least 20 patients.

    Args:
        kernel: called on float64 rows. centre: subtracted first (for kernels that ignore translations).
        share: False makes units blocks of at least 20 reference patients.

    Returns:
        total_sum, total_count: float64[3], over pairs of different patients.
        removed_sum, removed_count: float64[units, 3], what of it goes when the unit's images are deleted.
        size: float64[units], images of the unit on both sides.
        image_sum, image_count: float64[3], over all pairs of different images (the textbook U-statistic).

    Cost: O((n + m)^2 d) time, O(512 (512 + d)) memory besides the features.
    """
    x, y = generated.features, reference.features
    patients = np.unique(np.concatenate([generated.patients, reference.patients]), return_inverse=True)[1].reshape(-1)
    of_x, of_y = patients[: len(x)].astype(np.int64), patients[len(x) :].astype(np.int64)
    unit_x, unit_y = (of_x, of_y) if share else _blocks(generated, reference)
    units = int(max(unit_x.max(), unit_y.max())) + 1

    sum_xx, sum_yy = symmetric_row_sums(x, kernel, centre), symmetric_row_sums(y, kernel, centre)
    sum_xy, sum_yx = row_sums(x, y, kernel, centre)

    def within(which: Int, other: Int, a: NDArray[Any], b: NDArray[Any]) -> Float:
        return _within(a, b, which, other, units, kernel, centre)

    def same_patient(i: Int, j: Int, a: NDArray[Any], b: NDArray[Any]) -> Float:
        """Sum and number of same-patient pairs, by unit: float64[units, 2]."""
        per_patient = _within(a, b, i, j, int(patients.max()) + 1, kernel, centre)
        unit_of_patient = np.zeros(len(per_patient), np.int64)
        unit_of_patient[of_x], unit_of_patient[of_y] = unit_x, unit_y
        return np.stack([np.bincount(unit_of_patient, column, units) for column in per_patient.T], axis=1)

    total, removed = np.zeros((3, 2)), np.zeros((units, 3, 2))
    sides = ((unit_x, unit_x, of_x, of_x, x, x), (unit_y, unit_y, of_y, of_y, y, y), (unit_x, unit_y, of_x, of_y, x, y))
    sums = ((sum_xx, sum_xx), (sum_yy, sum_yy), (sum_xy, sum_yx))
    for term, (u, v, i, j, a, b) in enumerate(sides):
        same = same_patient(i, j, a, b)
        inside = same if share else within(u, v, a, b)
        rows = np.stack([np.bincount(u, sums[term][0], units), np.bincount(u, minlength=units) * len(b)], axis=1)
        columns = np.stack([np.bincount(v, sums[term][1], units), np.bincount(v, minlength=units) * len(a)], axis=1)
        total[term] = rows.sum(axis=0) - same.sum(axis=0)
        removed[:, term] = (rows - same) + (columns - same) - (inside - same)

    diagonal = np.array([_diagonal(x, kernel, centre), _diagonal(y, kernel, centre), 0.0])
    n, m = float(len(x)), float(len(y))
    return {
        "total_sum": total[:, 0].copy(),
        "total_count": total[:, 1].copy(),
        "removed_sum": removed[:, :, 0].copy(),
        "removed_count": removed[:, :, 1].copy(),
        "size": (np.bincount(unit_x, minlength=units) + np.bincount(unit_y, minlength=units)).astype(np.float64),
        "image_sum": np.array([sum_xx.sum(), sum_yy.sum(), sum_xy.sum()]) - diagonal,
        "image_count": np.array([n * (n - 1), m * (m - 1), n * m]),
    }


def _blocks(generated: Side, reference: Side) -> tuple[Int, Int]:
    """Blocks of at least 20 reference patients; one block where there are fewer."""
    patients = len(np.unique(reference.patients))
    blocks = min(MAX_UNITS, max(1, patients // PRIVATE_PATIENTS))
    least = PRIVATE_PATIENTS if patients >= PRIVATE_PATIENTS else 1
    return paired_blocks(generated.patients, reference.patients, blocks, min_reference_patients=least)


def _within(
    a: NDArray[Any], b: NDArray[Any], group_a: Int, group_b: Int, groups: int, kernel: Kernel, centre: Float | None
) -> Float:
    """Kernel sum and number of the pairs whose two images share a group: float64[groups, 2]."""
    order_a, order_b = np.argsort(group_a, kind="stable"), np.argsort(group_b, kind="stable")
    size_a, size_b = np.bincount(group_a, minlength=groups), np.bincount(group_b, minlength=groups)
    begin_a, begin_b = np.cumsum(size_a) - size_a, np.cumsum(size_b) - size_b
    count = size_a * size_b
    sums = np.zeros(groups)
    for large in np.flatnonzero(count > FEW):
        rows = order_a[begin_a[large] :][: size_a[large]]
        columns = order_b[begin_b[large] :][: size_b[large]]
        for left in spans(len(rows)):
            block = rows64(a[rows[left]], slice(None), centre)
            for right in spans(len(columns)):
                sums[large] += kernel(block, rows64(b[columns[right]], slice(None), centre)).sum()
    # Groups of few pairs, one by one, would cost more in calls than in arithmetic.
    few = np.where(count <= FEW, count, 0)
    group = np.repeat(np.arange(groups), few)
    rank = np.arange(len(group)) - np.repeat(np.cumsum(few) - few, few)
    i, j = order_a[begin_a[group] + rank // size_b[group]], order_b[begin_b[group] + rank % size_b[group]]
    values = np.zeros(len(group))
    for part in spans(len(group), 4096):
        values[part] = kernel.pairs(rows64(a[i[part]], slice(None), centre), rows64(b[j[part]], slice(None), centre))
    sums += np.bincount(group, values, groups)
    return np.stack([sums, count.astype(np.float64)], axis=1)


def _diagonal(x: NDArray[Any], kernel: Kernel, centre: Float | None) -> float:
    blocks = (rows64(x, rows, centre) for rows in spans(len(x), 4096))
    return float(sum(kernel.pairs(block, block).sum() for block in blocks))

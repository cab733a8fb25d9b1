"""Permutation test of equal distributions in which whole patients change sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.blas import ordered_map
from leaderboards.statistics.estimate import Estimate, undefined
from leaderboards.statistics.kernel_tiles import RBF, TILE, Float, rows64, spans
from leaderboards.statistics.registry import Arrays

TIES = 1e-10
"""Relative difference below which two statistics count as equal: relabelling everything gives the same one."""


def permutation(arrays: Arrays, *, bandwidth: float, seed: int, permutations: int = 999) -> Estimate:
    """P-value (1 + #{permuted statistic >= observed}) / (1 + permutations) of the unbiased RBF MMD^2.

    Statistic: as in the `mmd` estimator, over pairs of images of different patients. Permutations keep to what the null
    hypothesis makes exchangeable: a patient with as many generated as real images swaps all of them with probability
    1/2; one with unequal numbers has the labels of the images shuffled; patients on one side only are shuffled among
    each other as wholes. Phipson and Smyth 2010: adding 1 makes the test exact for any number of permutations.

    Args:
        arrays: generated: float32[n, d], reference: float32[m, d];
            patient_generated: int64[n], patient_reference: int64[m], one numbering for both.
        bandwidth: of the kernel; must not depend on which image is generated. seed: of the permutations.

    Returns:
        The p-value, without an interval. `extra["statistic"]` is the observed MMD^2. `se` is the Monte Carlo error.

    Raises:
        ValueError: arrays of different lengths.

    Cost: O((n + m)^2 (d + permutations)) time, O((n + m) permutations) memory.
    """
    generated, reference = arrays["generated"], arrays["reference"]
    patients = np.concatenate([arrays["patient_generated"], arrays["patient_reference"]])
    if len(patients) != len(generated) + len(reference):
        raise ValueError(f"{len(patients)} patients for {len(generated) + len(reference)} images")
    patients = np.unique(patients, return_inverse=True)[1].reshape(-1)
    observed = np.arange(len(patients)) < len(generated)
    labels = relabellings(observed, patients, np.random.default_rng(seed), permutations)
    features = np.concatenate([generated, reference])
    centre = features.astype(np.float64).mean(axis=0)
    statistic, defined = _statistics(features, patients, labels, RBF(bandwidth), centre)
    if not defined[0]:
        return undefined("all images of a side belong to one patient")
    scale = max(1.0, float(np.abs(statistic).max()))
    as_large = int(((statistic[1:] >= statistic[0] - TIES * scale) | ~defined[1:]).sum())
    p = (1 + as_large) / (1 + permutations)
    return Estimate(
        value=p,
        se=float(np.sqrt(p * (1 - p) / permutations)),
        method=f"{permutations} permutations of whole patients",
        interval_reason="a p-value has no interval; se is its Monte Carlo error",
        extra={"statistic": float(statistic[0])},
    )


def relabellings(
    observed: NDArray[np.bool_], patients: NDArray[np.intp], rng: np.random.Generator, permutations: int
) -> Float:
    """Labels (1 generated, 0 reference): float64[images, 1 + permutations], the observed first."""
    labels = np.repeat(observed[:, None].astype(np.float64), permutations + 1, axis=1)
    count = int(patients.max()) + 1
    n_generated = np.bincount(patients[observed], minlength=count)
    n_reference = np.bincount(patients[~observed], minlength=count)
    balanced = n_generated == n_reference
    swapped = rng.random((count, permutations)) < 0.5
    swap = swapped[patients] & balanced[patients][:, None]
    labels[:, 1:] = np.where(swap, 1.0 - labels[:, 1:], labels[:, 1:])
    for patient in np.flatnonzero(~balanced & (n_generated > 0) & (n_reference > 0)):
        images = np.flatnonzero(patients == patient)
        order = np.argsort(rng.random((len(images), permutations)), axis=0)
        labels[images, 1:] = labels[images, 0][order]
    single = np.flatnonzero((n_generated == 0) | (n_reference == 0))
    if len(single):
        side = (n_generated[single] > 0).astype(np.float64)
        shuffled = np.zeros((count, permutations))
        shuffled[single] = side[np.argsort(rng.random((len(single), permutations)), axis=0)]
        images = np.flatnonzero(np.isin(patients, single))
        labels[images, 1:] = shuffled[patients[images]]
    return labels


def _statistics(
    features: NDArray[np.float32], patients: NDArray[np.intp], labels: Float, kernel: RBF, centre: Float
) -> tuple[Float, NDArray[np.bool_]]:
    """MMD^2 for every column of labels, and where all three means exist."""
    columns = labels.shape[1]

    def strip(rows: slice) -> tuple[Float, Float, float]:
        inside, with_all, total = np.zeros(columns), np.zeros(columns), 0.0
        left = rows64(features, rows, centre)
        for others in spans(len(features)):
            if others.start < rows.start:
                continue
            values = kernel(left, rows64(features, others, centre))
            values *= patients[rows, None] != patients[others]
            twice = 1.0 if others == rows else 2.0
            inside += twice * (labels[rows] * (values @ labels[others])).sum(axis=0)
            with_all += values.sum(axis=1) @ labels[rows]
            if others != rows:
                with_all += values.sum(axis=0) @ labels[others]
            total += twice * float(values.sum())
        return inside, with_all, total

    strips = ordered_map(strip, list(spans(len(features))), bytes_per_call=8 * TILE * (3 * TILE + 2 * columns))
    inside, with_all = (np.stack([each[part] for each in strips]).sum(axis=0) for part in (0, 1))
    total = sum(each[2] for each in strips)
    sums = np.stack([inside, total - 2.0 * with_all + inside, with_all - inside])

    count = int(patients.max()) + 1
    one = np.zeros((count, columns))
    np.add.at(one, patients, labels)
    size = np.bincount(patients, minlength=count).astype(np.float64)[:, None]
    zero = size - one
    n_one, n_zero = one.sum(axis=0), zero.sum(axis=0)
    pairs = np.stack(
        [n_one**2 - (one**2).sum(axis=0), n_zero**2 - (zero**2).sum(axis=0), n_one * n_zero - (one * zero).sum(axis=0)]
    )
    defined = np.asarray((pairs > 0).all(axis=0))
    means = sums / np.where(pairs > 0, pairs, 1.0)
    return means[0] + means[1] - 2.0 * means[2], defined

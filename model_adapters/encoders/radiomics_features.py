"""First-order and texture features of one picture, by pyradiomics' definitions, for a region that is the whole picture.

Entropies are in bits. Where a feature of a flat picture divides by zero, it has pyradiomics' value for that case, so
features are always finite. Co-occurrence and run-length features are means over the four directions of the plane.
Every matrix is kept as the list of its entries, so the cost grows with pixels, not with levels squared.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FIRST_ORDER = (
    "entropy", "minimum", "percentile10", "percentile90", "maximum", "median", "interquartile_range", "range",
    "mean_absolute_deviation", "robust_mean_absolute_deviation", "root_mean_squared", "skewness", "kurtosis",
    "variance", "uniformity",
)  # fmt: skip
GLCM = (
    "autocorrelation", "joint_average", "cluster_prominence", "cluster_shade", "cluster_tendency", "contrast",
    "correlation", "difference_average", "difference_entropy", "difference_variance", "joint_energy",
    "joint_entropy", "imc1", "imc2", "idm", "idmn", "id", "idn", "inverse_variance", "maximum_probability",
    "sum_entropy", "sum_squares",
)  # fmt: skip
SIZES = (
    "small_emphasis", "large_emphasis", "level_nonuniformity", "level_nonuniformity_normalised",
    "size_nonuniformity", "size_nonuniformity_normalised", "percentage", "level_variance", "size_variance",
    "entropy", "low_level_emphasis", "high_level_emphasis", "small_low_emphasis", "small_high_emphasis",
    "large_low_emphasis", "large_high_emphasis",
)  # fmt: skip
NGTDM = ("coarseness", "contrast", "busyness", "complexity", "strength")

FLAT_COARSENESS = 1e6

DENSE = 200_000
"""Cells of a matrix up to which counting into it is quicker than sorting its entries."""


def first_order(picture: Float, level: Int) -> list[float]:
    """FIRST_ORDER features of float64[h, w] and its grey levels."""
    x = picture.ravel()
    share = _shares(np.bincount(level.ravel()))
    p10, p25, median, p75, p90 = (float(each) for each in np.percentile(x, [10, 25, 50, 75, 90]))
    centred = x - x.mean()
    square = centred * centred
    variance = float(square.mean())
    middle = x[(x >= p10) & (x <= p90)]
    return [
        _entropy(share),
        float(x.min()),
        p10,
        p90,
        float(x.max()),
        median,
        p75 - p25,
        float(x.max() - x.min()),
        float(np.abs(centred).mean()),
        float(np.abs(middle - middle.mean()).mean()),
        float(np.sqrt((x * x).mean())),
        float((square * centred).mean()) / variance**1.5 if variance > 0 else 0.0,
        float((square * square).mean()) / variance**2 if variance > 0 else 0.0,
        variance,
        float((share * share).sum()),
    ]


def glcm(level: Int) -> list[float]:
    """GLCM features: symmetric co-occurrence of levels one pixel apart."""
    pairs = (
        (level[:, :-1], level[:, 1:]),
        (level[:-1], level[1:]),
        (level[:-1, :-1], level[1:, 1:]),
        (level[:-1, 1:], level[1:, :-1]),
    )
    top = int(level.max())
    return _mean([_co_occurrence(one.ravel(), other.ravel(), top) for one, other in pairs])


def _co_occurrence(a: Int, b: Int, top: int) -> list[float]:
    joint = np.bincount(np.concatenate([a * (top + 1) + b, b * (top + 1) + a]))
    p = _shares(joint)
    margin = np.bincount(np.concatenate([a, b]), minlength=top + 1) / (2 * len(a))
    differ = np.bincount(np.abs(a - b), minlength=top) / len(a)
    total = np.bincount(a + b) / len(a)
    i, k, s = np.arange(len(margin)), np.arange(len(differ)), np.arange(len(total))
    mean = float((i * margin).sum())
    variance = float(((i - mean) ** 2 * margin).sum())
    around = s - 2 * mean
    contrast = float((k**2 * differ).sum())
    auto = (float((s**2 * total).sum()) - contrast) / 4  # E[ij] = (E[(i + j)^2] - E[(i - j)^2]) / 4
    average = float((k * differ).sum())
    one, both = _entropy(margin), _entropy(p)
    far = k > 0
    return [
        auto,
        mean,
        float((around**4 * total).sum()),
        float((around**3 * total).sum()),
        float((around**2 * total).sum()),
        contrast,
        (auto - mean**2) / variance if variance > 0 else 1.0,
        average,
        _entropy(differ),
        float(((k - average) ** 2 * differ).sum()),
        float((p * p).sum()),
        both,
        (both - 2 * one) / one if one > 0 else 0.0,  # the entropy of independent levels is twice that of one
        float(np.sqrt(max(0.0, 1 - np.exp(-2 * (2 * one - both))))),
        float((differ / (1 + k**2)).sum()),
        float((differ / (1 + (k / top) ** 2)).sum()),
        float((differ / (1 + k)).sum()),
        float((differ / (1 + k / top)).sum()),
        float((differ[far] / k[far] ** 2).sum()),
        float(p.max()),
        _entropy(total),
        variance,
    ]


def glrlm(level: Int) -> list[float]:
    """SIZES features of runs of equal levels in a direction."""
    found = []
    for order, starts in _lines(level.shape):
        line = level.ravel()[order]
        begins = np.flatnonzero(np.concatenate([[True], line[1:] != line[:-1]]) | starts)
        found.append(size_features(line[begins], np.diff(begins, append=len(line)), level.size))
    return _mean(found)


@lru_cache(maxsize=4)
def _lines(shape: tuple[int, ...]) -> tuple[tuple[Int, NDArray[np.bool_]], ...]:
    """For each direction the pixels line after line, and where a line starts."""
    rows, columns = (each.ravel() for each in np.indices(shape))
    found = []
    for line in (rows, columns, rows - columns, rows + columns):
        order = np.lexsort((rows * shape[1] + columns, line))
        found.append((order, np.concatenate([[True], np.diff(line[order]) != 0])))
    return tuple(found)


def glszm(level: Int) -> list[float]:
    """SIZES features of zones: connected pixels (also over corners) of equal level."""
    from skimage.measure import label

    zone = label(level, connectivity=2).ravel()
    size = np.bincount(zone)[1:]
    of_zone = np.empty(len(size), np.int64)
    of_zone[zone - 1] = level.ravel()
    return size_features(of_zone, size, level.size)


def size_features(level: Int, size: Int, pixels: int) -> list[float]:
    """SIZES features of runs or zones: int64[n] levels (from 1) and sizes in pixels."""
    n = len(level)
    width = int(size.max()) + 1
    code = level * width + size
    if (int(level.max()) + 1) * width < DENSE:
        table = np.bincount(code)
        entry = np.flatnonzero(table)
        count = table[entry]
    else:
        entry, count = np.unique(code, return_counts=True)
    p = count / n
    i, j = (entry // width).astype(np.float64), (entry % width).astype(np.float64)
    i2, j2 = i * i, j * j
    of_level, of_size = np.bincount(entry // width, p), np.bincount(entry % width, p)
    levels, sizes = float(of_level @ of_level), float(of_size @ of_size)
    mean_level, mean_size = float(p @ i), float(p @ j)
    return [
        float(p @ (1 / j2)),
        float(p @ j2),
        levels * n,
        levels,
        sizes * n,
        sizes,
        n / pixels,
        float(p @ (i - mean_level) ** 2),
        float(p @ (j - mean_size) ** 2),
        _entropy(p),
        float(p @ (1 / i2)),
        float(p @ i2),
        float(p @ (1 / (i2 * j2))),
        float(p @ (i2 / j2)),
        float(p @ (j2 / i2)),
        float(p @ (i2 * j2)),
    ]


def ngtdm(level: Int) -> list[float]:
    """NGTDM features: how far each level is from the mean of its up to eight neighbours."""
    from scipy.ndimage import correlate

    ones = np.ones((3, 3), np.float64)
    x = level.astype(np.float64)
    beside = correlate(np.ones_like(x), ones, mode="constant") - 1
    around = (correlate(x, ones, mode="constant") - x) / np.maximum(beside, 1)
    away = np.abs(x - around).ravel()
    count = np.bincount(level.ravel())
    i = np.flatnonzero(count)
    s = np.bincount(level.ravel(), away)[i]
    p = count[i] / level.size
    kinds, ps = len(i), float(p @ s)
    if kinds == 1:
        return [FLAT_COARSENESS, 0.0, 0.0, 0.0, 0.0]
    apart = np.abs(i[:, None] - i[None, :]).astype(np.float64)
    either = p[:, None] + p[None, :]
    square = apart**2
    busy = float(np.abs(i * p - (i * p)[:, None]).sum())
    weighted = (p * s)[:, None] + (p * s)[None, :]
    return [
        1 / ps if ps > 0 else FLAT_COARSENESS,
        float(p @ square @ p) / (kinds * (kinds - 1)) * float(s.sum()) / level.size,
        ps / busy if busy > 0 else 0.0,
        float((apart * weighted / either).sum()) / level.size,
        float((either * square).sum()) / float(s.sum()) if s.sum() > 0 else 0.0,
    ]


def _shares(counts: NDArray[np.integer]) -> Float:
    kept = counts[counts > 0]
    shares: Float = kept / kept.sum()
    return shares


def _entropy(share: Float) -> float:
    kept = share[share > 0]
    return float(-(kept * np.log2(kept)).sum()) + 0.0


def _mean(found: list[list[float]]) -> list[float]:
    mean: list[float] = np.mean(found, axis=0).tolist()
    return mean

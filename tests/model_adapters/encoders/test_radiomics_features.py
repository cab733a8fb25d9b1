"""Features against pyradiomics' worked examples, scikit-image, and matrices built pixel by pixel."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from model_adapters.encoders import radiomics_features as features

EXAMPLE = np.array([[5, 2, 5, 4, 4], [3, 3, 3, 1, 3], [2, 1, 1, 1, 3], [4, 2, 2, 2, 3], [3, 5, 3, 3, 2]])
"""The image of the worked examples for run lengths and zones in pyradiomics' documentation."""


def named(names: tuple[str, ...], values: list[float]) -> dict[str, float]:
    return dict(zip(names, values, strict=True))


def made(seed: int, shape: tuple[int, int] = (13, 17), top: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, top + 1, shape)


def emphases(matrix: Counter[tuple[int, int]], pixels: int) -> dict[str, float]:
    """The textbook sums over a matrix of (level, size) -> count."""
    total = sum(matrix.values())
    share = {key: count / total for key, count in matrix.items()}
    by_level, by_size = Counter[int](), Counter[int]()
    for (i, j), count in matrix.items():
        by_level[i] += count
        by_size[j] += count
    mean_i, mean_j = (sum(p * key[axis] for key, p in share.items()) for axis in (0, 1))
    return {
        "small_emphasis": sum(p / j**2 for (_, j), p in share.items()),
        "large_emphasis": sum(p * j**2 for (_, j), p in share.items()),
        "level_nonuniformity": sum(n**2 for n in by_level.values()) / total,
        "level_nonuniformity_normalised": sum(n**2 for n in by_level.values()) / total**2,
        "size_nonuniformity": sum(n**2 for n in by_size.values()) / total,
        "size_nonuniformity_normalised": sum(n**2 for n in by_size.values()) / total**2,
        "percentage": total / pixels,
        "level_variance": sum(p * (i - mean_i) ** 2 for (i, _), p in share.items()),
        "size_variance": sum(p * (j - mean_j) ** 2 for (_, j), p in share.items()),
        "entropy": -sum(p * np.log2(p) for p in share.values()),
        "low_level_emphasis": sum(p / i**2 for (i, _), p in share.items()),
        "high_level_emphasis": sum(p * i**2 for (i, _), p in share.items()),
        "small_low_emphasis": sum(p / (i * j) ** 2 for (i, j), p in share.items()),
        "small_high_emphasis": sum(p * i**2 / j**2 for (i, j), p in share.items()),
        "large_low_emphasis": sum(p * j**2 / i**2 for (i, j), p in share.items()),
        "large_high_emphasis": sum(p * i**2 * j**2 for (i, j), p in share.items()),
    }


def runs(level: np.ndarray, step: tuple[int, int]) -> Counter[tuple[int, int]]:
    """Runs in one direction, walked pixel by pixel."""
    height, width = level.shape
    found: Counter[tuple[int, int]] = Counter()
    inside = lambda y, x: 0 <= y < height and 0 <= x < width  # noqa: E731
    for y in range(height):
        for x in range(width):
            if inside(y - step[0], x - step[1]) and level[y - step[0], x - step[1]] == level[y, x]:
                continue
            length = 1
            while (
                inside(y + length * step[0], x + length * step[1])
                and level[y + length * step[0], x + length * step[1]] == level[y, x]
            ):
                length += 1
            found[int(level[y, x]), length] += 1
    return found


def zones(level: np.ndarray) -> Counter[tuple[int, int]]:
    """Zones by flood fill."""
    left = {(y, x) for y in range(level.shape[0]) for x in range(level.shape[1])}
    found: Counter[tuple[int, int]] = Counter()
    while left:
        start = left.pop()
        stack, size = [start], 0
        while stack:
            y, x = stack.pop()
            size += 1
            for near in [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]:
                if near in left and level[near] == level[start]:
                    left.remove(near)
                    stack.append(near)
        found[int(level[start]), size] += 1
    return found


def test_worked_example_of_run_lengths() -> None:
    """The documentation's matrix of horizontal runs: level -> runs of 1, 2, 3."""
    matrix = {1: (1, 0, 1), 2: (3, 0, 1), 3: (4, 1, 1), 4: (1, 1, 0), 5: (3, 0, 0)}
    wanted = Counter({(i, j): n for i, row in matrix.items() for j, n in enumerate(row, 1) if n})
    assert runs(EXAMPLE, (0, 1)) == wanted


def test_worked_example_of_zones() -> None:
    matrix = {1: {4: 1}, 2: {1: 1, 5: 1}, 3: {1: 1, 3: 1, 5: 1}, 4: {1: 1, 2: 1}, 5: {1: 3}}
    wanted = emphases(Counter({(i, j): n for i, row in matrix.items() for j, n in row.items()}), 25)
    assert named(features.SIZES, features.glszm(EXAMPLE)) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("level", [EXAMPLE, made(0), made(1, (20, 9), 3)])
def test_run_lengths_and_zones_are_those_of_brute_force(level: np.ndarray) -> None:
    assert named(features.SIZES, features.glszm(level)) == pytest.approx(emphases(zones(level), level.size), rel=1e-9)
    by_direction = [emphases(runs(level, step), level.size) for step in ((0, 1), (1, 0), (1, 1), (1, -1))]
    wanted = {name: float(np.mean([each[name] for each in by_direction])) for name in features.SIZES}
    assert named(features.SIZES, features.glrlm(level)) == pytest.approx(wanted, rel=1e-9)


def test_worked_example_of_neighbourhoods() -> None:
    """The documentation's table: n = 6, 2, 4, 0, 4 and s = 13.35, 2.00, 3.03, 0, 10.075 (s rounded there)."""
    level = np.array([[1, 2, 5, 2], [3, 5, 1, 3], [1, 3, 5, 5], [3, 1, 1, 1]])
    i, p = np.array([1, 2, 3, 5]), np.array([6, 2, 4, 4]) / 16
    s = np.array([13.35, 2.0, 3.03, 10.075])
    pairs = [(a, b) for a in range(4) for b in range(4)]
    wanted = {
        "coarseness": 1 / float(p @ s),
        "contrast": sum(p[a] * p[b] * (i[a] - i[b]) ** 2 for a, b in pairs) / 12 * s.sum() / 16,
        "busyness": float(p @ s) / sum(abs(i[a] * p[a] - i[b] * p[b]) for a, b in pairs),
        "complexity": sum(abs(i[a] - i[b]) * (p[a] * s[a] + p[b] * s[b]) / (p[a] + p[b]) for a, b in pairs) / 16,
        "strength": sum((p[a] + p[b]) * (i[a] - i[b]) ** 2 for a, b in pairs) / s.sum(),
    }
    assert named(features.NGTDM, features.ngtdm(level)) == pytest.approx(wanted, rel=2e-3)


@pytest.mark.parametrize("seed", [0, 1])
def test_co_occurrence_is_that_of_scikit_image(seed: int) -> None:
    from skimage.feature import graycomatrix, graycoprops

    level = made(seed, top=9)
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    matrix = graycomatrix(level.astype(np.uint8), [1], angles, symmetric=True, normed=True)
    found = named(features.GLCM, features.glcm(level))
    for ours, theirs in (
        ("contrast", "contrast"), ("idm", "homogeneity"), ("difference_average", "dissimilarity"),
        ("correlation", "correlation"), ("joint_energy", "ASM"), ("joint_average", "mean"),
        ("sum_squares", "variance"),
    ):  # fmt: skip
        assert found[ours] == pytest.approx(float(graycoprops(matrix, theirs).mean()), rel=1e-9), ours


def test_the_other_co_occurrence_features_are_the_textbook_sums() -> None:
    from skimage.feature import graycomatrix

    level = made(3, top=7)
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    matrices = graycomatrix(level.astype(np.uint8), [1], angles, symmetric=True, normed=True)[:, :, 0]
    i, j = np.indices(matrices.shape[:2])
    rows = []
    for p in np.moveaxis(matrices, 2, 0):
        px = p.sum(axis=1)
        mean, top = float((i * p).sum()), int(level.max())
        total = np.bincount((i + j).ravel(), p.ravel())
        apart = np.bincount(np.abs(i - j).ravel(), p.ravel())
        entropy = lambda q: float(-(q[q > 0] * np.log2(q[q > 0])).sum())  # noqa: E731
        product = np.outer(px, px)
        hxy1 = float(-(p[product > 0] * np.log2(product[product > 0])).sum())
        k = np.arange(len(apart))
        rows.append(
            {
                "autocorrelation": float((i * j * p).sum()),
                "cluster_prominence": float(((i + j - 2 * mean) ** 4 * p).sum()),
                "cluster_shade": float(((i + j - 2 * mean) ** 3 * p).sum()),
                "cluster_tendency": float(((i + j - 2 * mean) ** 2 * p).sum()),
                "difference_entropy": entropy(apart),
                "difference_variance": float((apart * (k - apart @ k) ** 2).sum()),
                "joint_entropy": entropy(p),
                "imc1": (entropy(p) - hxy1) / entropy(px),
                "imc2": float(np.sqrt(1 - np.exp(-2 * (entropy(product) - entropy(p))))),
                "idmn": float((p / (1 + ((i - j) / top) ** 2)).sum()),
                "id": float((p / (1 + np.abs(i - j))).sum()),
                "idn": float((p / (1 + np.abs(i - j) / top)).sum()),
                "inverse_variance": float((apart[1:] / k[1:] ** 2).sum()),
                "maximum_probability": float(p.max()),
                "sum_entropy": entropy(total),
            }
        )
    found = named(features.GLCM, features.glcm(level))
    for name in rows[0]:
        assert found[name] == pytest.approx(float(np.mean([row[name] for row in rows])), rel=1e-9), name


def test_first_order_in_closed_form() -> None:
    picture = np.array([[-10.0, 0.0], [0.0, 10.0]])
    found = named(features.FIRST_ORDER, features.first_order(picture, np.array([[1, 3], [3, 5]])))
    assert found["entropy"] == pytest.approx(1.5) and found["uniformity"] == pytest.approx(0.375)
    assert found["variance"] == 50.0 and found["root_mean_squared"] == pytest.approx(50**0.5)
    assert found["kurtosis"] == pytest.approx(2.0) and found["skewness"] == 0.0
    assert found["range"] == 20.0 and found["median"] == 0.0 and found["mean_absolute_deviation"] == 5.0
    assert found["interquartile_range"] == 5.0 and found["robust_mean_absolute_deviation"] == 0.0


def test_a_flat_picture_has_pyradiomics_values_for_it() -> None:
    level = np.ones((5, 6), np.int64)
    glcm = named(features.GLCM, features.glcm(level))
    assert glcm["correlation"] == 1.0 and glcm["imc1"] == glcm["imc2"] == glcm["joint_entropy"] == 0.0
    assert features.ngtdm(level) == [1e6, 0.0, 0.0, 0.0, 0.0]
    flat = named(features.FIRST_ORDER, features.first_order(np.zeros((5, 6)), level))
    assert flat["skewness"] == flat["kurtosis"] == flat["entropy"] == 0.0
    zone = named(features.SIZES, features.glszm(level))
    assert zone["large_emphasis"] == 900.0 and zone["percentage"] == pytest.approx(1 / 30)

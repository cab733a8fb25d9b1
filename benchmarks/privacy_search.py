"""Nearest training images of generated ones: ours against scikit-learn's brute force and faiss' flat index.

    python -m benchmarks.privacy_search            # 5,000 against 40,000, d = 768: about a minute of one core
    python -m benchmarks.privacy_search --full     # 20,000 against 240,000: several minutes

The two nearest images in features without structure, where nothing can be pruned: the slowest case of an exact search.
Each runs alone in a fresh process on `--threads` cores; making the features is not counted. `of GEMM` is the share of
the speed of plain float32 matrix products (2,048 rows a side, output reused), measured before and after and averaged.
Exits with an error where neighbours differ beyond float32 rounding, or, with --full, where ours needs more than 4 GiB,
features included, or is slower than half of GEMM. faiss comes with `pip install -e ".[bench]" -c constraints.txt`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._timing import THREAD_VARIABLES, Cost, alone, machine

Features = NDArray[np.float32]
Answer = tuple[NDArray[np.int64], NDArray[np.float64]]
Sizes = tuple[int, int, int]

K = 2
ROWS = 2048
LIMIT_MIB = 4096


def features(sizes: Sizes) -> tuple[Features, Features]:
    """Queries and corpus: independent standard normal numbers."""
    n, m, d = sizes
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, d), dtype=np.float32), rng.standard_normal((m, d), dtype=np.float32)


def gemm(sizes: Sizes) -> Callable[[], float]:
    """Matrix products of about a tenth of the search's work; returns their number of operations."""
    left, right = features((ROWS, ROWS, sizes[2]))
    out = np.empty((ROWS, ROWS), np.float32)
    np.matmul(left, right.T, out=out)
    times = max(8, sizes[0] * sizes[1] // (10 * ROWS**2))

    def work() -> float:
        for _ in range(times):
            np.matmul(left, right.T, out=out)
        return 2.0 * times * ROWS**2 * sizes[2]

    return work


def ours(sizes: Sizes) -> Callable[[], Answer]:
    """`chexgenbench.search`, the two nearest images."""
    from chexgenbench.search import search

    queries, corpus = features(sizes)

    def work() -> Answer:
        found = search(queries, corpus, K)
        return found.index, found.distance

    return work


def ours_by_patient(sizes: Sizes) -> Callable[[], Answer]:
    """The nearest images of the two nearest patients (here each image is a patient, so the answer is the same)."""
    from chexgenbench.search import search

    queries, corpus = features(sizes)

    def work() -> Answer:
        found = search(queries, corpus, K, patients=np.arange(len(corpus)), one_per_patient=True)
        return found.index, found.distance

    return work


def scikit_learn(sizes: Sizes) -> Callable[[], Answer]:
    """NearestNeighbors(algorithm="brute"), float32."""
    from sklearn.neighbors import NearestNeighbors

    queries, corpus = features(sizes)

    def work() -> Answer:
        distance, index = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(corpus).kneighbors(queries)
        return index, distance.astype(np.float64)

    return work


def faiss_flat(sizes: Sizes) -> Callable[[], Answer]:
    """IndexFlatL2, building the index included."""
    import faiss

    queries, corpus = features(sizes)
    faiss.omp_set_num_threads(int(os.environ[THREAD_VARIABLES[0]]))

    def work() -> Answer:
        index = faiss.IndexFlatL2(corpus.shape[1])
        index.add(corpus)
        squared, found = index.search(queries, K)
        return found, np.sqrt(np.maximum(squared, 0.0).astype(np.float64))

    return work


def _speed(sizes: Sizes) -> float:
    """Operations a CPU second of plain products."""
    operations, cost = alone(gemm, sizes)
    return operations / cost.cpu


def _check(name: str, answer: Answer, expected: Answer) -> str:
    gap = float(np.abs(answer[1] - expected[1]).max())
    if gap > 1e-3:
        raise SystemExit(f"{name}: distances differ by up to {gap}")
    return f"{(answer[0] == expected[0]).mean():.4%} of neighbours the same, distances to {gap:.1e}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=5000, help="generated images")
    parser.add_argument("--m", type=int, default=40_000, help="training images")
    parser.add_argument("--d", type=int, default=768)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="20,000 against 240,000, d = 768, and the targets checked")
    chosen = parser.parse_args()
    sizes = (20_000, 240_000, 768) if chosen.full else (chosen.n, chosen.m, chosen.d)
    for name in THREAD_VARIABLES:
        os.environ[name] = str(chosen.threads)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[-chosen.threads :]))
    operations = 2.0 * sizes[0] * sizes[1] * sizes[2]
    held = 4 * (sizes[0] + sizes[1]) * sizes[2] / 2**20
    print(machine("numpy", "scikit-learn", "faiss-cpu"))
    print(f"{sizes[0]:,} queries, {sizes[1]:,} images, d = {sizes[2]}, {K} nearest; {held:.0f} MiB of features")
    before = _speed(sizes)
    results: dict[str, tuple[Answer, Cost]] = {}
    work: dict[str, Callable[[Sizes], Callable[[], Any]]] = {
        "ours": ours, "ours, by patient": ours_by_patient, "scikit-learn brute": scikit_learn, "faiss flat": faiss_flat,
    }  # fmt: skip
    for name, each in work.items():
        results[name] = alone(each, sizes)
    speed = (before + _speed(sizes)) / 2
    print(f"plain matrix products: {speed / 1e9:.0f} GFLOP a CPU second ({before / 1e9:.0f} before)")
    print(f"{'':<20}{'CPU':>10}{'by the clock':>14}{'peak beside features':>22}{'of GEMM':>9}")
    for name, (answer, cost) in results.items():
        share = operations / cost.cpu / speed
        note = "" if name == "ours" else "  " + _check(name, answer, results["ours"][0])
        print(f"{name:<20}{cost.cpu:8.1f} s{cost.wall:12.1f} s{cost.peak:18.0f} MiB{share:9.0%}{note}", flush=True)
    cost = results["ours"][1]
    if chosen.full and (cost.peak + held > LIMIT_MIB or operations / cost.cpu < speed / 2):
        raise SystemExit("ours misses its target")


if __name__ == "__main__":
    main()

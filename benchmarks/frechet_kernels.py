"""The trace of a Frechet distance three ways, on the same features in the same run: ours, scipy's sqrtm, torchmetrics.

    python -m benchmarks.frechet_kernels                # about a minute of one core
    python -m benchmarks.frechet_kernels --d 768 2048

Each runs alone in a fresh process on one core, from features to number; imports and making the features are not
counted. Ratios are of processor time. Below full rank (n < d) the others' values drift by rounding noise that they take
roots of; the drift is printed. The last lines time the jackknife of 50 blocks, which has no counterpart elsewhere.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._timing import Cost, alone, machine, one_core

Features = NDArray[np.float32]


def features(n: int, d: int, seed: int) -> Features:
    """float32[n, d] with a spectrum that falls like 1/k, as an encoder's does."""
    rng = np.random.default_rng([n, d, seed])
    return (rng.normal(size=(n, d)) / np.sqrt(np.arange(1, d + 1)) + 1).astype(np.float32)


def ours(n: int, d: int) -> Callable[[], float]:
    """The form that leaderboards.statistics takes by itself."""
    from leaderboards.statistics.frechet_distance import Gaussian, frechet_distance

    x, y = features(n, d, 0), features(n, d, 1)
    return lambda: frechet_distance(Gaussian.of_features(x), Gaussian.of_features(y))


def by_sqrtm(n: int, d: int) -> Callable[[], float]:
    """What pytorch-fid, clean-fid and others do."""
    from scipy.linalg import sqrtm

    x, y = features(n, d, 0).astype(np.float64), features(n, d, 1).astype(np.float64)

    def work() -> float:
        cov_x, cov_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
        root = np.trace(sqrtm(cov_x @ cov_y)).real
        return float(((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(cov_x) + np.trace(cov_y) - 2 * root)

    return work


def by_torchmetrics(n: int, d: int) -> Callable[[], float]:
    """FrechetInceptionDistance with features passed through."""
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance

    torch.set_num_threads(1)

    class Identity(torch.nn.Module):
        num_features = d

        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return rows

    x, y = (torch.from_numpy(features(n, d, seed)).double() for seed in (0, 1))

    def work() -> float:
        metric = FrechetInceptionDistance(feature=Identity()).set_dtype(torch.float64)
        metric.update(y, real=True)
        metric.update(x, real=False)
        return float(metric.compute())

    return work


def jackknife(n: int, d: int) -> Callable[[], dict[str, Any]]:
    """The whole estimator: value, 50 deletions, infinity."""
    from leaderboards.statistics.frechet import frechet

    block = np.arange(n) % 50
    arrays: dict[str, np.ndarray[Any, Any]] = {"generated": features(n, d, 0), "generated_block": block}
    arrays |= {"reference": features(n, d, 1), "reference_block": block}
    return lambda: {**(estimate := frechet(arrays)).extra, "value": estimate.value, "se": estimate.se}


def compare(n: int, d: int) -> None:
    """One line a method."""
    value, base = alone(ours, n, d)
    print(f"\nd = {d}, n = {n} a side: {'full rank' if n > d else 'below full rank'}")
    print(f"  {'ours':14} {value:.10f}   {_cost(base)}")
    for name, prepare in (("scipy sqrtm", by_sqrtm), ("torchmetrics", by_torchmetrics)):
        theirs, cost = alone(prepare, n, d)
        drift = (theirs - value) / value
        print(f"  {name:14} {theirs:.10f}   {_cost(cost)}   {cost.cpu / base.cpu:6.1f}x our time, off by {drift:+.1e}")


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--d", type=int, nargs="+", default=[256, 768], help="dimensions")
    parser.add_argument("--n", type=int, default=200, help="images a side of the case below full rank")
    arguments = parser.parse_args()
    one_core()
    print(machine("numpy", "scipy", "torch", "torchmetrics"))
    for d in arguments.d:
        compare(4 * d, d)
        compare(arguments.n, d)
    for n, d in ((200, 64), (5000, 64), (1000, 256)):
        result, cost = alone(jackknife, n, d)
        print(f"\njackknife of 50 blocks, d = {d}, n = {n}: {_cost(cost)}")
        print(f"  value {result['value']:.4f}, bias-corrected {result['bias_corrected']:+.4f}, se {result['se']:.4f}")


def _cost(cost: Cost) -> str:
    return f"{cost.cpu:8.3f} s, {cost.peak:6.0f} MiB"


if __name__ == "__main__":
    main()

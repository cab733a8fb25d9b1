"""KID and PRDC against torchmetrics and `prdc`, used the published way, on the same features in the same run.

    python -m benchmarks.kernel_and_neighbours                     # n = 1500, d = 768: about a minute of one core
    python -m benchmarks.kernel_and_neighbours --n 5000
    python -m benchmarks.kernel_and_neighbours --memory-n 50000    # PRDC alone at full size: time and peak memory

The published way: torchmetrics' KernelInceptionDistance with 100 subsets of the size of the whole set, and prdc with
k = 5. `KID, once` is one of those 100 identical subsets. Each runs alone in a fresh process on one core; imports and
making the features are not counted. Exits with an error where values differ.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._timing import Cost, alone, machine, one_core

Values = dict[str, float]
Features = NDArray[np.float32]

SUBSETS = 100
LIMIT_MIB = 2048
"""What PRDC at n = 50,000 and d = 768 must stay under, features included."""


def features(n: int, d: int) -> tuple[Features, Features]:
    """Two sides whose spectrum falls like that of a network's features; the generated one is a little off."""
    rng = np.random.default_rng(0)
    scale = (1.0 / np.sqrt(1.0 + np.arange(d))).astype(np.float32)
    real, generated = (rng.standard_normal((n, d), dtype=np.float32) * scale + 0.3 for _ in range(2))
    return generated * np.float32(1.03), real


def our_kid(n: int, d: int) -> Callable[[], Values]:
    """`kid`, value and standard error."""
    from chexgenbench.kernels import pair_sums
    from chexgenbench.metrics.base import Side
    from leaderboards.statistics.kernel_tiles import Polynomial
    from leaderboards.statistics.mmd import mmd

    def side(x: Features, prefix: str) -> Side:
        names = np.array([f"{prefix}{i}" for i in range(n)])
        return Side(x, names, names, np.arange(n), None)

    import scipy.special  # noqa: F401

    generated, real = features(n, d)
    sides = side(generated, "g"), side(real, "r")

    def work() -> Values:
        estimate = mmd(pair_sums(*sides, Polynomial.of_kid(d)))
        assert estimate.value is not None and estimate.se is not None
        return {"kid": estimate.value, "standard error": estimate.se}

    return work


def published_kid(n: int, d: int, subsets: int) -> Callable[[], Values]:
    """torchmetrics, subset size = the whole set."""
    import torch
    from torchmetrics.image.kid import KernelInceptionDistance

    warnings.simplefilter("ignore")
    generated, real = (torch.from_numpy(each) for each in features(n, d))

    def work() -> Values:
        metric = KernelInceptionDistance(feature=torch.nn.Identity(), subset_size=n, subsets=subsets)
        metric.update(real, real=True)
        metric.update(generated, real=False)
        mean, _ = metric.compute()
        return {"kid": float(mean)}

    return work


def our_prdc(n: int, d: int) -> Callable[[], Values]:
    """`Neighbours`, from which the four metrics follow."""
    from chexgenbench.neighbours import Neighbours

    generated, real = features(n, d)

    def work() -> Values:
        result = Neighbours.of(generated, real)
        shares = {"precision": result.in_reference, "recall": result.in_generated, "coverage": result.covered}
        return {
            **{name: float(each.mean()) for name, each in shares.items()},
            "density": float(result.balls.mean()) / 5,
        }

    return work


def published_prdc(n: int, d: int) -> Callable[[], Values]:
    """The `prdc` package."""
    from prdc import compute_prdc

    generated, real = features(n, d)

    def work() -> Values:
        with contextlib.redirect_stdout(io.StringIO()):
            return {name: float(each) for name, each in compute_prdc(real, generated, 5).items()}

    return work


def compare(name: str, ours: tuple[Any, ...], theirs: tuple[Any, ...], tolerance: float) -> None:
    """One line of ratios.

    Raises:
        SystemExit: values that differ by more than `tolerance`.
    """
    (mine, cost), (published, other) = alone(*ours), alone(*theirs)
    print(f"{name:<28}{_cost(other)}{_cost(cost)}{other.cpu / cost.cpu:8.1f}x")
    for key, value in published.items():
        if abs(mine[key] - value) > tolerance:
            raise SystemExit(f"{name}: {key} is {mine[key]!r} here and {value!r} there")


def _cost(cost: Cost) -> str:
    return f"{cost.cpu:9.2f} s{cost.peak:8.0f} MiB"


def main() -> None:
    """Print the table, or with --memory-n the cost of PRDC at full size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1500)
    parser.add_argument("--d", type=int, default=768)
    parser.add_argument("--memory-n", type=int, help="only time and peak memory of PRDC at this n, and nothing else")
    chosen = parser.parse_args()
    one_core()
    print(machine("numpy", "torch", "torchmetrics", "prdc"))
    if chosen.memory_n:
        values, cost = alone(our_prdc, chosen.memory_n, chosen.d)
        held = 2 * 4 * chosen.memory_n * chosen.d / 2**20
        print(f"PRDC n = {chosen.memory_n}, d = {chosen.d}: {cost.cpu:.0f} s of CPU, {cost.wall:.0f} s by the clock,")
        print(f"peak {cost.peak:.0f} MiB beside {held:.0f} MiB of features; {values}")
        if cost.peak + held > LIMIT_MIB:
            raise SystemExit(f"above {LIMIT_MIB} MiB")
        return
    size = (chosen.n, chosen.d)
    print(f"n = {chosen.n} a side, d = {chosen.d}; CPU seconds and peak memory beside the features")
    print(f"{'':<28}{'published way':>23}{'ours':>23}{'CPU ratio':>9}")
    compare("KID, 100 whole-set subsets", (our_kid, *size), (published_kid, *size, SUBSETS), 1e-5)
    compare("KID, once", (our_kid, *size), (published_kid, *size, 1), 1e-5)
    compare("PRDC, k = 5", (our_prdc, *size), (published_prdc, *size), 2e-3)


if __name__ == "__main__":
    main()

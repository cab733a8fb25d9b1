"""How tight certificates are, and whether they hold: merges of digit networks, with a true risk that is known exactly.

A pool of 8 experts of scikit-learn's digits (benchmarks.merging_pool_scaling), its own expert of the target task among
them. The 797 test images of the task are the whole population, samples are drawn from it with replacement, so the true
risk of every model is a mean over 797 images. 481 merges (sparse code: at most 2 of 8 coefficients, 4 levels) are fixed
beforehand. Run as `python -m benchmarks.certificates_coverage --seeds 3`.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._timing import machine
from benchmarks.merging_pool_scaling import TRAIN, Trunk, make_pool, make_tasks
from leaderboards.statistics.certificates.bounds.chernoff_occam import chernoff_occam
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.bounds.held_out import held_out
from leaderboards.statistics.certificates.bounds.hoeffding_occam import hoeffding_occam
from leaderboards.statistics.certificates.bounds.pac_bayes_kl import pac_bayes_kl
from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.codes.iterates import iterates
from leaderboards.statistics.certificates.gibbs_risk import gibbs_risk
from leaderboards.statistics.certificates.violations import violation_limit
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.certificates.codebook import Codebook
from model_adapters.methods.certificates.coefficients import Coefficients
from model_adapters.methods.certificates.course import Course
from model_adapters.methods.certificates.gibbs import draw
from model_adapters.methods.certificates.iterates import Walk, walk
from model_adapters.methods.certificates.posterior import Posterior
from model_adapters.methods.certificates.sample import Sample
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.pool import open_pool
from model_adapters.methods.merging.proxy import ProxyObjective

MODELS, LEVELS, MOST, DELTA, SCALE = 8, (0.1, 0.3, 0.5, 1.0), 2, 0.05, 0.1
SIZES = (25, 50, 100, 200, 400, 800)
DRAWS, TRUE_DRAWS, DRAWS_DELTA = 200, 100, 0.01
STEPS = (1, 3, 5)

Float = NDArray[np.float64]


@dataclass
class World:
    """The population of one target task and everything that may be asked of it.

    Attributes:
        space: of merge coefficients. sample: the whole population. book: the 481 merges.
        majority_error: error of always telling the commonest class.
    """

    space: Coefficients
    sample: Sample
    book: Codebook
    majority_error: float
    seed: int

    @cached_property
    def candidates(self) -> list[Any]:
        """The merges, in order."""
        return list(self.book.everything())

    @cached_property
    def alphas(self) -> Float:
        """Their coefficients, float64[481, 8]."""
        return np.stack([self.book.alpha(each) for each in self.candidates])

    @cached_property
    def errors(self) -> Float:
        """float64[481, 797]: 1 where a merge is wrong."""
        rows = self.sample.all()
        return np.stack([self.sample.errors(self.space.model(alpha), rows) for alpha in self.alphas])

    @cached_property
    def nats(self) -> Float:
        """What each costs."""
        return np.array([self.book.nats(each) for each in self.candidates])

    def __post_init__(self) -> None:
        self._drawn: dict[int, Float] = {}

    def drawn(self, index: int) -> Float:
        """float64[DRAWS + TRUE_DRAWS, 797]: errors of draws around a merge; the last ones tell its true Gibbs risk."""
        if index not in self._drawn:
            around = Posterior(self.alphas[index], SCALE)
            seed = derive_seed(self.seed, "draws", index)
            rows = self.sample.all()
            self._drawn[index] = np.stack(
                [
                    self.sample.errors(self.space.model(draw(around, seed, number)), rows)
                    for number in range(DRAWS + TRUE_DRAWS)
                ]
            )
        return self._drawn[index]


def make_world(folder: Path, seed: int, models: int = MODELS) -> World:
    """The pool, the target task (the first) and its population."""
    tasks = make_tasks(seed)[:models]
    paths = make_pool(folder, tasks, seed, 40)
    pool = open_pool(paths[1:], paths[0], hold=True)
    task = tasks[0]
    population = {"inputs": task["x"][TRAIN:], "targets": task["y"][TRAIN:], "head.weight": task["head"]}
    objective = ProxyObjective(Trunk(), {"population": population}, "cross-entropy", pool)
    count = objective.examples("population")
    names = tuple(f"image-{row}" for row in range(count))
    sample = Sample(objective, CaseSet(names, names), "zero-one")
    space = Coefficients(pool, "task")
    majority = 1.0 - float(np.bincount(population["targets"].numpy()).max()) / count
    return World(space, sample, Codebook("sparse", space.size, LEVELS, MOST), majority, seed)


def drawn_samples(world: World, n: int, trials: int) -> NDArray[np.int64]:
    """int64[trials, n]: images of every sample, with replacement."""
    rng = np.random.default_rng(derive_seed(world.seed, "samples", n))
    return rng.integers(world.errors.shape[1], size=(trials, n))


def counts(errors: Float, samples: NDArray[np.int64]) -> Float:
    """float64[trials, candidates]: errors of every candidate on every sample."""
    hits = np.zeros((len(samples), errors.shape[1]))
    np.add.at(hits, (np.arange(len(samples))[:, None], samples), 1)
    return hits @ errors.T


def best_of_all(world: World, samples: NDArray[np.int64], delta: float = DELTA) -> dict[str, tuple[Float, Float]]:
    """Bound -> (certificate, true risk) of the candidate of least bound, in every trial."""
    n, seen = samples.shape[1], counts(world.errors, samples)
    truth = world.errors.mean(axis=1)
    prices, place = np.unique(world.nats, return_inverse=True)
    every = np.arange(n + 1)[:, None]
    found = {}
    for name, bound, argument in (
        ("Hoeffding-Occam", hoeffding_occam, every / n), ("kl-Occam", chernoff_occam, every / n),
        ("exact Occam", exact_occam, every),
    ):  # fmt: skip
        table = np.minimum(bound(argument, n, prices[None], delta), 1.0)
        values = table[seen.astype(int), place[None]]
        chosen = values.argmin(axis=1)
        found[name] = (values[np.arange(len(chosen)), chosen], truth[chosen])
    free = np.minimum(exact_occam(every[:, 0], n, 0.0, delta), 1.0)[seen.astype(int)]
    chosen = free.argmin(axis=1)
    found["no union (control)"] = (free[np.arange(len(chosen)), chosen], truth[chosen])
    return found


def posteriors(world: World, samples: NDArray[np.int64], delta: float = DELTA) -> dict[str, tuple[Float, Float]]:
    """The PAC-Bayes bounds and the test-set bound, one sample after the other."""
    n = samples.shape[1]
    names = ("PAC-Bayes-kl, zero prior", "the same, 200 draws paid", "PAC-Bayes-kl, half-split prior",
             "test-set, half")  # fmt: skip
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    seen = counts(world.errors, samples) / n
    distance = (world.alphas**2).sum(axis=1)
    guess = np.asarray(pac_bayes_kl(seen, n, distance[None] / (2 * SCALE**2), delta))
    first, second = samples[:, : n // 2], samples[:, n // 2 :]
    on_first = counts(world.errors, first)
    on_second = counts(world.errors, second)
    for trial, sample in enumerate(samples):
        # The merge in the middle of the posterior is chosen by its own errors: any choice is allowed.
        index = int(guess[trial].argmin())
        rows = world.drawn(index)
        truth = float(rows[DRAWS:].mean())
        kl = distance[index] / (2 * SCALE**2)
        known = float(rows[DRAWS:][:, sample].mean())
        found[names[0]].append((float(pac_bayes_kl(known, n, kl, delta)), truth))
        upper = float(gibbs_risk(float(rows[:DRAWS][:, sample].mean()), DRAWS, DRAWS_DELTA))
        found[names[1]].append((float(pac_bayes_kl(upper, n, kl, delta - DRAWS_DELTA)), truth))
        centre = int(on_first[trial].argmin())
        known = float(world.drawn(centre)[DRAWS:][:, second[trial]].mean())
        truth = float(world.drawn(centre)[DRAWS:].mean())
        found[names[2]].append((float(pac_bayes_kl(known, second.shape[1], 0.0, delta)), truth))
        bound = float(held_out(on_second[trial, centre], second.shape[1], delta))
        found[names[3]].append((bound, float(world.errors[centre].mean())))
    return {name: (np.array([b for b, _ in each]), np.array([t for _, t in each])) for name, each in found.items()}


def frank_wolfe(
    world: World, samples: NDArray[np.int64], folder: Path, delta: float = DELTA
) -> dict[str, tuple[Float, Float]]:
    """Certified Frank-Wolfe of T steps, and of the T of least certificate (paid), one sample after the other."""
    n, pool = samples.shape[1], world.space.pool
    way = Walk(pool, blocks_of(pool.merged, "task"), "base", 0)
    found: dict[str, list[tuple[float, float]]] = {f"FW, T = {steps}": [] for steps in (*STEPS, "chosen")}
    for trial, sample in enumerate(samples):
        stage = Course(folder / f"{n}-{trial}", {"walk": max(STEPS)}, lambda done, total: None)["walk"]
        trace = walk(way, world.sample.part(sample), max(STEPS), stage)
        certified = {}
        for steps in STEPS:
            errors = world.sample.errors(way.replayed(trace[:steps]).tensors(pool), world.sample.all())
            wrong, truth = float(errors[sample].sum()), float(errors.mean())
            alone = iterates(steps, len(pool.vertices))
            found[f"FW, T = {steps}"].append((float(exact_occam(wrong, n, alone, delta)), truth))
            paid = iterates(steps, len(pool.vertices), step_counts=len(STEPS))
            certified[steps] = (float(exact_occam(wrong, n, paid, delta)), truth)
        found["FW, T = chosen"].append(min(certified.values()))
    return {name: (np.array([b for b, _ in each]), np.array([t for _, t in each])) for name, each in found.items()}


def failures(found: tuple[Float, Float]) -> int:
    """Trials whose true risk is above the certificate."""
    return int((found[1] > found[0]).sum())


def adversarial(candidates: int, trials: int, seed: int, union: bool, n: int = 100, risk: float = 0.2) -> int:
    """Failures where the luckiest of independent hypotheses of equal risk is certified; without the union a control."""
    from scipy.stats import binom

    rng = np.random.default_rng(derive_seed(seed, "adversarial", candidates))
    least = binom.ppf(-np.expm1(np.log1p(-rng.random(trials)) / candidates), n, risk)
    return int((exact_occam(least, n, np.log(candidates) if union else 0.0, DELTA) < risk).sum())


def measured(world: World, folder: Path, trials: int, slow_trials: int, walks: int) -> dict[int, dict[str, Any]]:
    """n -> bound -> (certificates, true risks)."""
    found = {}
    for n in SIZES:
        many = trials if n <= 200 else max(1, trials // 4)
        samples = drawn_samples(world, n, many)
        rows = {**best_of_all(world, samples), **posteriors(world, samples[:slow_trials])}
        if n in (100, 400):
            rows.update(frank_wolfe(world, samples[:walks], folder))
        found[n] = rows
    return found


def main() -> None:
    """Print the table of every seed, its failures, and the controls."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--trials", type=int, default=2000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"Mean certificate, delta = {DELTA}; failures of trials in brackets. {machine('torch', 'numpy', 'scipy')}")
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        with tempfile.TemporaryDirectory() as name:
            world = make_world(Path(name), seed)
            rows = measured(world, Path(name), arguments.trials, 300, 60)
        print(f"\nSeed {seed}; always telling the commonest class errs {world.majority_error:.3f}\n")
        columns = list(dict.fromkeys(each for row in rows.values() for each in row))
        print("| n | " + " | ".join(columns) + " | true risk (exact Occam) |")
        print("|---|" + "---|" * (len(columns) + 1))
        for n, row in rows.items():
            cells = [
                f"{row[each][0].mean():.3f} ({failures(row[each])}/{len(row[each][0])})" if each in row else ""
                for each in columns
            ]
            print(f"| {n} | " + " | ".join(cells) + f" | {row['exact Occam'][1].mean():.3f} |")
    print(
        f"\nBest of M independent hypotheses of risk .2, n = 100, 20,000 trials; limit {violation_limit(20_000, DELTA)}"
    )
    for count in (10, 481, 20_000):
        print(f"M = {count}: {adversarial(count, 20_000, 0, True)} failures; without the union "
              f"{adversarial(count, 20_000, 0, False)}")  # fmt: skip


if __name__ == "__main__":
    main()

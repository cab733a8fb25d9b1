"""STEEL in miniature: rotated digits, the angle is the task; draws of a diffusion model against three controls.

A network is trained on upright digits and frozen; 300 LoRA-XS adapters (8 x 8 numbers, first layer) are fine-tuned
for random angles in [-60, 60] degrees; 1,000 candidates come from the diffusion model, from independent normal numbers
of the same moments, or are the zoo itself. An episode is a new angle; its 797 test images are the whole population, so
the true risk is known exactly. Run as `python -m benchmarks.steel_digits --seeds 3`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from benchmarks._timing import machine
from leaderboards.statistics.certificates.bounds.chernoff_occam import chernoff_occam
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.bounds.held_out import held_out
from leaderboards.statistics.certificates.case_set import CaseSet
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.certificates.course import Course
from model_adapters.methods.certificates.sample import Sample
from model_adapters.methods.merging.proxy import ProxyObjective
from model_adapters.methods.steel.candidates import block_count, write_candidates
from model_adapters.methods.steel.clusters import cluster
from model_adapters.methods.steel.continuous_bound import continuous_bound
from model_adapters.methods.steel.diffusion import Diffusion, train_diffusion
from model_adapters.methods.steel.tasks import Host, fine_tuned, open_host
from model_adapters.methods.steel.vectors import Moments, VectorFile, moments

TRAIN, WIDTH, RANK, DELTA, LARGEST = 1000, 128, 8, 0.05, 60.0
SIZES = (20, 80, 320)
KINDS = ("diffusion", "zoo", "gaussian")
LAYER = "layers.0"

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """How large the experiment is."""

    adapters: int = 300
    zoo_steps: int = 100
    zoo_images: int = 200
    train_steps: int = 4000
    candidates: int = 1000
    episodes: int = 12
    trials: int = 100


@dataclass(frozen=True)
class Built:
    """Everything that is fixed before an episode.

    Attributes:
        host: the frozen network. zoo, moments: the adapters. candidates: kind -> drawn adapters.
    """

    host: Host
    zoo: VectorFile
    moments: Moments
    candidates: dict[str, VectorFile]
    digits: Digits


@dataclass(frozen=True)
class Digits:
    """Images float[n, 8, 8] in [0, 1] and classes; the first TRAIN teach, the others are populations."""

    images: Float
    classes: NDArray[np.int64]

    def turned(self, angle: float, rows: slice | NDArray[np.int64]) -> dict[str, torch.Tensor]:
        """A task: images turned by an angle in degrees."""
        from scipy.ndimage import rotate

        images = rotate(self.images[rows], angle, axes=(2, 1), reshape=False, order=1)
        inputs = torch.tensor(images.reshape(len(images), -1), dtype=torch.float32)
        return {"inputs": inputs, "targets": torch.tensor(self.classes[rows])}


class Network(torch.nn.Module):
    """64 pixels to 10 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(64, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, WIDTH), torch.nn.ReLU(),
            torch.nn.Linear(WIDTH, 10),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits."""
        return self.layers(x)


def load(seed: int) -> Digits:
    """The digits in an order of the seed."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(derive_seed(seed, "split")).permutation(len(data.target))
    return Digits(data.images[order] / 16.0, data.target[order])


def train_network(digits: Digits, seed: int) -> Network:
    """300 steps of Adam on upright digits."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "network") % 2**31)
        network = Network()
    task = digits.turned(0.0, slice(0, TRAIN))
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
    draws = torch.Generator().manual_seed(derive_seed(seed, "train"))
    for _ in range(300):
        rows = torch.randint(TRAIN, (128,), generator=draws)
        loss = torch.nn.functional.cross_entropy(network(task["inputs"][rows]), task["targets"][rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network


def objective(host: Host, task: dict[str, torch.Tensor]) -> ProxyObjective:
    """The task in the frozen network."""
    return ProxyObjective(host.network, {"task": task}, "cross-entropy", host.pool)


def build(folder: Path, seed: int, scale: Scale, told: Callable[[str], None] = lambda text: None) -> Built:
    """Network, zoo, diffusion model and candidates of every kind."""
    digits = load(seed)
    save_file(train_network(digits, seed).state_dict(), str(folder / "base.safetensors"))
    host = open_host(
        "benchmarks.steel_digits:Network", str(folder / "base.safetensors"), RANK, [LAYER], folder / "one.safetensors"
    )
    rng = np.random.default_rng(derive_seed(seed, "angles"))
    zoo, start = VectorFile(folder / "zoo.f32", host.layout.size), np.zeros(host.layout.size, np.float32)
    for row in range(scale.adapters):
        task = digits.turned(float(rng.uniform(-LARGEST, LARGEST)), rng.permutation(TRAIN)[: scale.zoo_images])
        zoo.write(row, fine_tuned(objective(host, task), host.layout, start, scale.zoo_steps, 0.05)[None])
    told("zoo")
    how = Diffusion(100, scale.train_steps, 128, 1e-3, 256, scale.train_steps, seed)
    known = moments(zoo)
    course = Course(folder, {"train": 1, "draw": block_count(scale.candidates)}, lambda done, total: None)
    network = train_diffusion(zoo, known, how, folder, course["train"])
    told("diffusion")
    drawn = {}
    for kind in KINDS:
        drawn[kind] = VectorFile(folder / f"{kind}.f32", host.layout.size)
        count = min(scale.candidates, len(zoo)) if kind == "zoo" else scale.candidates
        write_candidates(kind, count, zoo, known, network, how, drawn[kind], course["draw"])
    return Built(host, zoo, known, drawn, digits)


def episode(built: Built, seed: int, number: int, scale: Scale) -> dict[str, dict[int, dict[str, Any]]]:
    """Kind -> n -> certificates and true risks of many samples of one new task."""
    rng = np.random.default_rng(derive_seed(seed, "episode", number))
    task = built.digits.turned(float(rng.uniform(-LARGEST, LARGEST)), slice(TRAIN, None))
    count = len(task["targets"])
    names = tuple(f"image-{row}" for row in range(count))
    population = Sample(objective(built.host, task), CaseSet(names, names), "zero-one")
    found: dict[str, dict[int, dict[str, Any]]] = {}
    samples = {n: rng.integers(count, size=(scale.trials, n)) for n in SIZES}
    for kind in KINDS:
        file = built.candidates[kind]
        errors = np.stack(
            [population.errors(built.host.layout.tensors(row), population.all()) for row in file.rows(0, len(file))]
        )
        found[kind] = {n: _chosen(errors, samples[n]) for n in SIZES}
        if kind == "diffusion":
            groups = cluster(file, len(file), built.moments, 0, seed)
            found["diffusion, hierarchical"] = {n: _by_clusters(errors, samples[n], groups) for n in SIZES}
    found["fine-tuned"] = {n: _fine_tuned(built, population, samples[n][0]) for n in SIZES}
    return found


def _chosen(errors: Float, samples: NDArray[np.int64]) -> dict[str, Any]:
    n = samples.shape[1]
    hits = np.zeros((len(samples), errors.shape[1]))
    np.add.at(hits, (np.arange(len(samples))[:, None], samples), 1)
    seen = hits @ errors.T
    chosen = seen.argmin(axis=1)
    return _certified(errors, seen[np.arange(len(chosen)), chosen], chosen, n)


def _certified(errors: Float, wrong: Float, chosen: NDArray[np.int64], n: int) -> dict[str, Any]:
    nats = np.log(len(errors))
    return {
        "kl-Occam": np.asarray(chernoff_occam(wrong / n, n, nats, DELTA)),
        "exact": np.asarray(exact_occam(wrong, n, nats, DELTA)),
        "true": errors.mean(axis=1)[chosen],
    }


def _by_clusters(errors: Float, samples: NDArray[np.int64], groups: Any, top: int = 3) -> dict[str, Any]:
    """The middles of clusters first, then the members of the best ones, as the hierarchical search does."""
    chosen, wrong, scored = [], [], []
    for sample in samples:
        middles = errors[groups.medoids][:, sample].sum(axis=1)
        best = np.argsort(middles, kind="stable")[:top]
        asked = np.union1d(np.flatnonzero(np.isin(groups.label, best)), groups.medoids)
        seen = errors[asked][:, sample].sum(axis=1)
        chosen.append(int(asked[seen.argmin()]))
        wrong.append(float(seen.min()))
        scored.append(len(asked))
    found = _certified(errors, np.array(wrong), np.array(chosen), samples.shape[1])
    return {**found, "scored": float(np.mean(scored))}


def _fine_tuned(built: Built, population: Sample, sample: NDArray[np.int64]) -> dict[str, Any]:
    """Fine-tuning on the sample with eq. 7 of the paper; on its first half with the test-set bound of the second."""
    layout, n = built.host.layout, len(sample)
    start = np.zeros(layout.size, np.float32)

    def learnt(rows: NDArray[np.int64]) -> Float:
        vector = fine_tuned(population.part(rows), layout, start, 100, 0.05)
        return population.errors(layout.tensors(vector), population.all())

    whole, half = learnt(sample), learnt(sample[: n // 2])
    tested = half[sample[n // 2 :]]
    return {
        "eq. 7": np.array([float(continuous_bound(whole[sample].mean(), n, layout.size, DELTA))]),
        "true": np.array([whole.mean()]),
        "test-set": np.array([float(held_out(tested.sum(), len(tested), DELTA))]),
        "true of half": np.array([half.mean()]),
    }


def measured(folder: Path, seed: int, scale: Scale) -> dict[str, dict[int, dict[str, Float]]]:
    """Kind -> n -> name -> numbers of all trials of all episodes."""
    started = time.perf_counter()

    def told(what: str) -> None:
        print(f"  seed {seed}, {what}: {time.perf_counter() - started:.0f} s", file=sys.stderr)

    built = build(folder, seed, scale, told)
    episodes = []
    for number in range(scale.episodes):
        episodes.append(episode(built, seed, number, scale))
        told(f"episode {number + 1}")
    return {
        kind: {
            n: {name: np.concatenate([np.atleast_1d(each[kind][n][name]) for each in episodes]) for name in numbers}
            for n, numbers in by_size.items()
        }
        for kind, by_size in episodes[0].items()
    }


def main() -> None:
    """Print a table for every seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"Mean certificate / true risk over 12 episodes, delta = {DELTA}. {machine('torch', 'numpy', 'diffusers')}")
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        with tempfile.TemporaryDirectory() as name:
            found = measured(Path(name), seed, Scale())
        print(f"\nSeed {seed}\n\n| candidates | bound | " + " | ".join(f"n = {n}" for n in SIZES) + " |")
        print("|---|---|" + "---|" * len(SIZES))
        for kind, by_size in found.items():
            pairs = (("eq. 7", "true"), ("test-set", "true of half")) if kind == "fine-tuned" else (
                ("kl-Occam", "true"), ("exact", "true"))  # fmt: skip
            for bound, truth in pairs:
                cells = []
                for n in SIZES:
                    row = by_size[n]
                    failed = int((row[truth] > row[bound]).sum())
                    cells.append(f"{row[bound].mean():.3f} / {row[truth].mean():.3f} ({failed}/{len(row[bound])})")
                print(f"| {kind} | {bound} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()

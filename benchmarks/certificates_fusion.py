"""Every certified learner over a pool side by side, from one sample of n = 100: certificate, test-set bound, true risk.

The pool and the population are those of benchmarks.certificates_coverage; the sample is drawn without replacement, and
everything runs as `model-adapters train certified-fusion` and `certified-fw` do. Settings are the defaults unless the
row says otherwise; nothing was tuned. Run as `python -m benchmarks.certificates_fusion --seeds 3`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from benchmarks._timing import machine
from benchmarks.certificates_coverage import MODELS
from benchmarks.merging_pool_scaling import TRAIN, Trunk, make_pool, make_tasks
from leaderboards.statistics.certificates.case_set import CaseSet
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.certificates.coefficients import Coefficients
from model_adapters.methods.certificates.frank_wolfe import CertifiedFrankWolfe
from model_adapters.methods.certificates.fusion import CertifiedFusion
from model_adapters.methods.certificates.gibbs import draw
from model_adapters.methods.certificates.posterior import Posterior
from model_adapters.methods.certificates.sample import Sample
from model_adapters.methods.merging.pool import Pool, open_pool
from model_adapters.methods.merging.proxy import ProxyObjective
from model_adapters.methods.run import run_method
from model_adapters.protocols import TrainingMethod

BOUND = {"train": "bound"}
SPLIT = {"prior": "data-dependent"}

ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "task arithmetic, posterior": ("fusion", {}),
    "task arithmetic, bound minimised": ("fusion", BOUND),
    "task arithmetic, bound minimised without gradients": ("fusion", {**BOUND, "search": "gradient-free"}),
    "task arithmetic, prior scale chosen and paid": ("fusion", {"prior_scale": 0.0}),
    "task arithmetic, prior from half": ("fusion", SPLIT),
    "task arithmetic, prior from half, bound minimised": ("fusion", {**SPLIT, **BOUND}),
    "TIES, prior from half": ("fusion", {"method": "ties", **SPLIT}),
    "AdaMerging (labels, layer), posterior": ("fusion", {"method": "ada-merging"}),
    "AdaMerging (labels, layer), prior from half": ("fusion", {"method": "ada-merging", **SPLIT}),
    "LoRAHub (baseline)": ("fusion", {"method": "lorahub"}),
    "task arithmetic, sparse codes": ("fusion", {"mode": "codes"}),
    "task arithmetic, dense codes of 2 levels": ("fusion", {"mode": "codes", "code": "dense", "levels": "0,1"}),
    "TIES, sparse codes": ("fusion", {"mode": "codes", "method": "ties"}),
    "FW, open-loop": ("fw", {}),
    "FW, line search over 4 steps": ("fw", {"grid": 4}),
}

METHODS: dict[str, Callable[[], TrainingMethod]] = {"fusion": CertifiedFusion, "fw": CertifiedFrankWolfe}


def population_of(task: dict[str, torch.Tensor], pool: Pool, rows: Any) -> ProxyObjective:
    """Test images of a task as an objective."""
    data = {"inputs": task["x"][TRAIN:][rows], "targets": task["y"][TRAIN:][rows], "head.weight": task["head"]}
    return ProxyObjective(Trunk(), {"target": data}, "cross-entropy", pool)


def measured(folder: Path, seed: int, n: int, rows: list[str]) -> dict[str, dict[str, float]]:
    """Row -> certificate, test-set bound and true risks."""
    tasks = make_tasks(seed)[:MODELS]
    paths = make_pool(folder, tasks, seed, 40)
    pool = open_pool(paths[1:], paths[0], hold=True)
    count = len(tasks[0]["x"]) - TRAIN
    names = tuple(f"image-{row}" for row in range(count))
    everything = Sample(population_of(tasks[0], pool, slice(None)), CaseSet(names, names), "zero-one")
    picked = np.sort(np.random.default_rng(derive_seed(seed, "sample", n)).permutation(count)[:n])
    trained = CaseSet(tuple(f"train-{row}" for row in range(TRAIN)), tuple(f"train-{row}" for row in range(TRAIN)))
    found = {}
    for row in rows:
        kind, settings = ROWS[row]
        started = time.perf_counter()
        inputs = {
            "base": paths[0], "models": paths[1:], "objective": population_of(tasks[0], pool, picked), "hold": True,
            "cases": everything.named(picked), "trained_on": trained, **settings,
        }  # fmt: skip
        artifact = run_method(METHODS[kind](), inputs, folder / row.replace(" ", "-").replace("/", ""), seed)
        weights = load_file(artifact.folder / "model.safetensors")
        record = artifact.record
        found[row] = {
            "certificate": record["certificate"]["value"],
            "nats": (record["certificate"]["complexity"] or {}).get("nats", 0.0),
            "test set": record["test_set"]["value"],
            "true": float(everything.errors(weights, everything.all()).mean()),
        }
        if record["certificate"]["predictor"] == "gibbs" and settings.get("method") != "ties":
            found[row]["true of draws"] = _of_draws(artifact.folder, pool, settings, seed, everything)
        print(f"  seed {seed}, {row}: {time.perf_counter() - started:.1f} s", file=sys.stderr)
    return found


def _of_draws(folder: Path, pool: Pool, settings: dict[str, Any], seed: int, everything: Sample) -> float:
    """The true Gibbs risk from 100 draws that no certificate has seen."""
    space = Coefficients(pool, "layer" if settings.get("method") == "ada-merging" else "task")
    told = json.loads((folder / "coefficients.json").read_text())
    mean = [told["mean"][block].get(f"model-{k + 1}", 0.0) for block in space.blocks for k in range(pool.size)]
    around = Posterior(np.array(mean), told["scale"])
    risks = [
        everything.errors(space.model(draw(around, seed, 10**6 + number)), everything.all()).mean()
        for number in range(100)
    ]
    return float(np.mean(risks))


def main() -> None:
    """Print a table: rows are learners, columns seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--n", type=int, default=100)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    columns = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        with tempfile.TemporaryDirectory() as name:
            columns.append(measured(Path(name), seed, arguments.n, list(ROWS)))
    print(f"n = {arguments.n}, delta = .05: certificate (nats) | test-set bound of half | true risk. "
          f"{machine('torch', 'numpy')}\n")  # fmt: skip
    print("| learner | " + " | ".join(f"seed {arguments.first + k}" for k in range(arguments.seeds)) + " |")
    print("|---|" + "---|" * arguments.seeds)
    for row in ROWS:
        cells = []
        for found in columns:
            each = found[row]
            truth = f"{each['true']:.3f}" + (f" ({each['true of draws']:.3f})" if "true of draws" in each else "")
            cells.append(f"{each['certificate']:.3f} ({each['nats']:.1f}), {each['test set']:.3f}, {truth}")
        print(f"| {row} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()

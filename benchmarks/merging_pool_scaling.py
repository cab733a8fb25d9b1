"""What a growing pool does to a merge: from 4 models to 20, with relevant, irrelevant or noisy ones.

Twenty tasks made of scikit-learn's digits: 40 of 64 pixels permuted, labels permuted, a frozen orthonormal head on
normalised features (as frozen text heads of CLIP). A base is trained on all tasks, an expert on each; 100 proxy
examples a task; accuracy over the 797 test images of the target tasks. Run as
`python -m benchmarks.merging_pool_scaling --scenario irrelevant --base weak --seeds 3`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from benchmarks._timing import machine
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.merging import table
from model_adapters.methods.merging.objective import mean_score
from model_adapters.methods.merging.pool import open_pool
from model_adapters.methods.merging.proxy import ProxyObjective
from model_adapters.methods.merging.run import MergeRun

Task = dict[str, torch.Tensor]
"""x and y of the images, and the head."""

EXPERT_STEPS = 100
TASKS, TARGETS, TRAIN, PROXY, CLASSES, WIDTH = 20, 4, 1000, 100, 10, 64

ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "average": ("average", {}),
    "task arithmetic .3": ("task-arithmetic", {}),
    "TIES .3 (sum)": ("ties", {"aggregation": "sum"}),
    "AdaMerging, entropy on test inputs": ("ada-merging", {"steps": 200, "rate": 1e-2, "save_every": 200}),
    "supervised coefficients": ("ada-merging", {"steps": 200, "rate": 1e-2, "save_every": 200, "labels": True}),
    "FW-hard, layer": ("fw-hard", {}),
    "FW-hard, task": ("fw-hard", {"granularity": "task"}),
    "FW-hard, pairwise, line search": ("fw-hard", {"direction": "pairwise", "step": "line-search"}),
    "FW-hard, local TIES": ("fw-hard", {"local": "ties"}),
    "FW-hard, cosine": ("fw-hard", {"granularity": "task", "score": "cosine", "base_vertex": False}),
    "FW-hard, released code": ("fw-hard-authors", {}),
    "FW-soft, simplex": ("fw-soft", {"top": 4}),
    "FW-soft, released code": ("fw-soft-authors", {"rounds": 3, "inner_steps": 100, "rate": 1e-2}),
}


SCENARIOS = {
    "irrelevant": "targets are 4 tasks; the other 16 models are experts of other tasks",
    "noisy": "targets are 4 tasks; the other 16 models were fine-tuned from another random start",
    "relevant": "targets are all 20 tasks, whose experts join the pool",
}
SHORT = (
    "average", "task arithmetic .3", "TIES .3 (sum)", "supervised coefficients", "FW-hard, layer", "FW-hard, task",
    "FW-soft, simplex",
)  # fmt: skip
"""Rows of the scenarios besides `irrelevant`."""
JOINT_STEPS = {"weak": 22, "strong": 60}
"""Of the base: its accuracy is then about 50 %, as the pilot's was, or 87 %."""


class Trunk(torch.nn.Module):
    """64 pixels to 64 normalised features."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 128), torch.nn.ReLU(),
            torch.nn.Linear(128, WIDTH),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of images, each of length 1."""
        return torch.nn.functional.normalize(self.layers(x), dim=-1)


def make_tasks(seed: int) -> list[Task]:
    """x and y of training and test images, and the head, of every task."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(derive_seed(seed, "split")).permutation(len(digits.target))
    x, y = digits.data[order] / 16.0, digits.target[order]
    found = []
    for task in range(TASKS):
        rng = np.random.default_rng(derive_seed(seed, "task", task))
        place = np.arange(64)
        moved = rng.choice(64, 40, replace=False)
        place[moved] = rng.permutation(moved)
        head = np.linalg.qr(rng.standard_normal((WIDTH, WIDTH)))[0][:CLASSES] * 8.0
        images, labels = torch.tensor(x[:, place], dtype=torch.float32), torch.tensor(rng.permutation(CLASSES)[y])
        found.append({"x": images, "y": labels, "head": torch.tensor(head, dtype=torch.float32)})
    return found


def train(network: Trunk, tasks: list[Task], steps: int, rate: float, seed: int, batch: int) -> None:
    """Adam on random images of all the tasks at once."""
    draws = torch.Generator().manual_seed(derive_seed(seed, "train"))
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    for _ in range(steps):
        loss = torch.zeros(())
        for task in tasks:
            rows = torch.randint(TRAIN, (batch,), generator=draws)
            loss = loss + torch.nn.functional.cross_entropy(network(task["x"][rows]) @ task["head"].T, task["y"][rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def make_pool(folder: Path, tasks: list[Task], seed: int, joint_steps: int, noisy: bool = False) -> list[str]:
    """Paths of the base and of every expert; of a noisy pool the last 16 come from another start."""
    base = new_trunk(derive_seed(seed, "network"))
    train(base, tasks, joint_steps, 1e-3, seed, 128)
    other = new_trunk(derive_seed(seed, "another network"))
    paths = [str(folder / "base.safetensors")]
    save_file(base.state_dict(), paths[0])
    for index, task in enumerate(tasks):
        expert = Trunk()
        expert.load_state_dict((other if noisy and index >= TARGETS else base).state_dict())
        train(expert, [task], EXPERT_STEPS, 3e-3, derive_seed(seed, "expert", index), 128)
        paths.append(str(folder / f"expert-{index}.safetensors"))
        save_file(expert.state_dict(), paths[-1])
    return paths


def new_trunk(seed: int) -> Trunk:
    """Random weights of a seed of their own."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % 2**31)
        return Trunk()


def objective(tasks: list[Task], pool: Any, part: str) -> ProxyObjective:
    """Over "proxy" examples (the first of training), or the "test" images."""
    rows = slice(0, PROXY) if part == "proxy" else slice(TRAIN, None)
    data = {
        f"task-{index}": {"inputs": task["x"][rows], "targets": task["y"][rows], "head.weight": task["head"]}
        for index, task in enumerate(tasks)
    }
    return ProxyObjective(Trunk(), data, "cross-entropy", pool)


def scores(
    folder: Path,
    seed: int,
    base: str = "weak",
    scenario: str = "irrelevant",
    sizes: Sequence[int] = (TARGETS, TASKS),
    rows: Sequence[str] = tuple(ROWS),
) -> dict[str, list[float]]:
    """Row -> mean test accuracy of the target tasks, for every size of pool, in per cent."""
    tasks = make_tasks(seed)
    paths = make_pool(folder, tasks, seed, JOINT_STEPS[base], scenario == "noisy")
    targets = tasks if scenario == "relevant" else tasks[:TARGETS]
    found: dict[str, list[float]] = {"base": [], "experts, each on its own task": [], **{row: [] for row in rows}}
    for size in sizes:
        pool = open_pool(paths[1 : size + 1], paths[0], hold=True)
        proxy, test = objective(targets, pool, "proxy"), objective(targets, pool, "test")
        found["base"].append(100 * mean_score(test, {name: pool.read(0, name) for name in pool.merged}))
        alone = []
        for index in range(min(size, len(targets))):
            own = objective([tasks[index]], pool, "test")
            alone.append(100 * mean_score(own, {name: pool.read(index + 1, name) for name in pool.merged}))
        found["experts, each on its own task"].append(float(np.mean(alone)))
        for row in rows:
            method, settings = ROWS[row]
            started = time.process_time()
            work = folder / f"{size}-{row.replace('/', '-')}"
            work.mkdir()
            data = test if method == "ada-merging" and not settings.get("labels") else proxy
            run = MergeRun(pool, data, table.settings_of(method, settings), seed, work)
            merged = table.merge(run, method)
            found[row].append(100 * mean_score(test, {name: merged.tensor(name).float() for name in pool.merged}))
            spent = time.process_time() - started
            print(f"  {scenario}, {base}, seed {seed}, {size} models, {row}: {found[row][-1]:.1f}, {spent:.1f} s",
                  file=sys.stderr, flush=True)  # fmt: skip
    return found


def main() -> None:
    """Print a table: every row the accuracy by size of the pool, a column a seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--base", choices=tuple(JOINT_STEPS), default="weak", help="about 50 %% or 87 %% accurate")
    parser.add_argument("--scenario", choices=tuple(SCENARIOS), default="irrelevant")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sizes = (TARGETS, 12, TASKS) if arguments.scenario == "relevant" else (TARGETS, TASKS)
    rows = tuple(ROWS) if arguments.scenario == "irrelevant" else SHORT
    columns = []
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as name:
            columns.append(scores(Path(name), seed, arguments.base, arguments.scenario, sizes, rows))
    told = f"{SCENARIOS[arguments.scenario]}; {arguments.base} base"
    print(f"Pools of {', '.join(map(str, sizes))} models: {told}. {machine('torch', 'numpy')}\n")
    print("| method | " + " | ".join(f"seed {seed}" for seed in range(arguments.seeds)) + " |")
    print("|---|" + "---|" * arguments.seeds)
    for row in columns[0]:
        cells = (" -> ".join(f"{value:.1f}" for value in found[row]) for found in columns)
        print(f"| {row} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

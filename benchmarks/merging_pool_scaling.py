"""What models of other tasks do to a merge: 4 target tasks, a pool of their 4 experts, and one of 16 others besides.

Twenty tasks made of scikit-learn's digits: 40 of 64 pixels permuted, labels permuted, a frozen orthonormal head on
normalised features (as frozen text heads of CLIP). A base is trained on all tasks, an expert on each; 100 proxy
examples a task; accuracy over the 797 test images of tasks 0 to 3. Run as `python -m benchmarks.merging_pool_scaling`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
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


def make_tasks(seed: int) -> list[dict[str, torch.Tensor]]:
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


def train(network: Trunk, tasks: list[dict[str, torch.Tensor]], steps: int, rate: float, seed: int, batch: int) -> None:
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


def make_pool(folder: Path, tasks: list[dict[str, torch.Tensor]], seed: int, joint_steps: int) -> list[str]:
    """Paths of the base and of every expert."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "network") % 2**31)
        base = Trunk()
    train(base, tasks, joint_steps, 1e-3, seed, 128)
    paths = [str(folder / "base.safetensors")]
    save_file(base.state_dict(), paths[0])
    for index, task in enumerate(tasks):
        expert = Trunk()
        expert.load_state_dict(base.state_dict())
        train(expert, [task], 100, 3e-3, derive_seed(seed, "expert", index), 128)
        paths.append(str(folder / f"expert-{index}.safetensors"))
        save_file(expert.state_dict(), paths[-1])
    return paths


def objective(tasks: list[dict[str, torch.Tensor]], pool: Any, part: str) -> ProxyObjective:
    """Over "proxy" examples (the first of training), or the "test" images."""
    rows = slice(0, PROXY) if part == "proxy" else slice(TRAIN, None)
    data = {
        f"task-{index}": {"inputs": task["x"][rows], "targets": task["y"][rows], "head.weight": task["head"]}
        for index, task in enumerate(tasks)
    }
    return ProxyObjective(Trunk(), data, "cross-entropy", pool)


def scores(folder: Path, seed: int, joint_steps: int, sizes: tuple[int, ...]) -> dict[str, list[float]]:
    """Row -> mean test accuracy of the target tasks, for every size of pool, in per cent."""
    tasks = make_tasks(seed)
    paths = make_pool(folder, tasks, seed, joint_steps)
    found: dict[str, list[float]] = {"base": [], "experts, each on its own task": [], **{row: [] for row in ROWS}}
    for size in sizes:
        pool = open_pool(paths[1 : size + 1], paths[0], hold=True)
        targets, test = objective(tasks[:TARGETS], pool, "proxy"), objective(tasks[:TARGETS], pool, "test")
        found["base"].append(100 * mean_score(test, {name: pool.read(0, name) for name in pool.merged}))
        alone = []
        for index in range(TARGETS):
            own = objective([tasks[index]], pool, "test")
            alone.append(100 * mean_score(own, {name: pool.read(index + 1, name) for name in pool.merged}))
        found["experts, each on its own task"].append(float(np.mean(alone)))
        for row, (method, settings) in ROWS.items():
            started = time.perf_counter()
            work = folder / f"{size}-{row.replace('/', '-')}"
            work.mkdir()
            data = test if method == "ada-merging" and not settings.get("labels") else targets
            run = MergeRun(pool, data, table.settings_of(method, settings), seed, work)
            merged = table.merge(run, method)
            found[row].append(100 * mean_score(test, {name: merged.tensor(name).float() for name in pool.merged}))
            print(
                f"  {size} models, {row}: {found[row][-1]:.1f}, {time.perf_counter() - started:.1f} s", file=sys.stderr
            )
    return found


def main() -> None:
    """Print a table: every row the accuracy with 4 and with 20 models, and the difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--joint-steps", type=int, default=40, help="of the base: 40 is weak, 150 is strong")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sizes = (TARGETS, TASKS)
    columns = []
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as name:
            columns.append(scores(Path(name), seed, arguments.joint_steps, sizes))
    print(f"Mean accuracy of {TARGETS} tasks, {sizes[0]} -> {sizes[1]} models. {machine('torch', 'numpy')}\n")
    print("| method | " + " | ".join(f"seed {seed}" for seed in range(arguments.seeds)) + " |")
    print("|---|" + "---|" * arguments.seeds)
    for row in columns[0]:
        print(f"| {row} | " + " | ".join(f"{found[row][0]:.1f} -> {found[row][1]:.1f}" for found in columns) + " |")


if __name__ == "__main__":
    main()

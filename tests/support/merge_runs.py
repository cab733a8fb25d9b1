"""Small pools on disk, a run of one merging method over them, and objectives with a known minimum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save_file

from model_adapters.methods.merging import table
from model_adapters.methods.merging.pool import Pool, open_pool
from model_adapters.methods.merging.run import Merged, MergeRun

Arrays = Mapping[str, np.ndarray]


def write(folder: Path, name: str, arrays: Arrays) -> str:
    """A safetensors file; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    save_file({key: np.ascontiguousarray(array) for key, array in arrays.items()}, path)
    return str(path)


def pool_of(folder: Path, models: Sequence[Arrays], base: Arrays | None = None, **options: Any) -> Pool:
    """A pool of arrays (float32 unless they are float64 on purpose)."""
    paths = [write(folder, f"model-{index}", arrays) for index, arrays in enumerate(models, start=1)]
    return open_pool(paths, None if base is None else write(folder, "base", base), **options)


def run_of(folder: Path, pool: Pool, method: str, objective: Any = None, seed: int = 0, **settings: Any) -> MergeRun:
    """A run of a method with its settings filled in."""
    folder.mkdir(parents=True, exist_ok=True)
    return MergeRun(pool, objective, table.settings_of(method, settings), seed, folder)


def merged(
    folder: Path, pool: Pool, method: str, objective: Any = None, seed: int = 0, **settings: Any
) -> tuple[dict[str, np.ndarray], Merged]:
    """Run a method; all merged tensors, and what it said."""
    found = table.merge(run_of(folder, pool, method, objective, seed, **settings), method)
    return {name: found.tensor(name).double().numpy() for name in pool.merged}, found


class Quadratic:
    """l(theta) = 1/2 sum over tensors of |theta - target|^2: convex, smoothness 1, minimum known."""

    tasks: tuple[str, ...] = ("quadratic",)
    chunk = 0

    def __init__(self, target: Arrays, scale: float = 1.0) -> None:
        self.target = {name: torch.from_numpy(array) for name, array in target.items()}
        self.scale = scale
        self.asked = 0

    def examples(self, task: str) -> int:
        return 1

    def losses(self, weights: Any, task: str, rows: torch.Tensor) -> torch.Tensor:
        self.asked += 1
        parts = [((weights[name] - target) ** 2).sum() for name, target in self.target.items()]
        return 0.5 * self.scale * torch.stack(parts).sum().reshape(1)

    def entropies(self, weights: Any, task: str, rows: torch.Tensor) -> torch.Tensor:
        return self.losses(weights, task, rows)

    def scores(self, weights: Any, task: str, rows: torch.Tensor) -> torch.Tensor:
        return -self.losses(weights, task, rows)

    def facts(self) -> dict[str, Any]:
        return {"loss": "quadratic"}

"""A classifier small enough for hand calculation: the sign of <w, x>, w being the only tensor of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from merge_runs import pool_of

from leaderboards.statistics.certificates.case_set import CaseSet
from model_adapters.methods.certificates.course import Course, Stage
from model_adapters.methods.certificates.sample import Sample
from model_adapters.methods.merging.pool import Pool


class Signs:
    """Right where y <w, x> > 0; loss ln(1 + exp(-y <w, x>))."""

    tasks: tuple[str, ...] = ("signs",)
    chunk = 0
    zero_one = True

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = torch.from_numpy(np.asarray(x, np.float64)), torch.from_numpy(np.asarray(y, np.float64))
        self.asked = 0

    def examples(self, task: str) -> int:
        return len(self.y)

    def margins(self, weights: Any, rows: torch.Tensor) -> torch.Tensor:
        self.asked += 1
        return self.y[rows] * (self.x[rows] @ weights["w"].double())

    def losses(self, weights: Any, task: str, rows: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.softplus(-self.margins(weights, rows))

    def entropies(self, weights: Any, task: str, rows: torch.Tensor) -> torch.Tensor:
        raise AssertionError("a certified learner asked for the entropy of its sample")

    def scores(self, weights: Any, task: str, rows: torch.Tensor) -> torch.Tensor:
        return (self.margins(weights, rows) > 0).double()

    def facts(self) -> dict[str, Any]:
        return {"loss": "signs", "examples": len(self.y)}


def named(count: int, prefix: str = "case") -> CaseSet:
    """Cases of as many patients."""
    return CaseSet(tuple(f"{prefix}-{i}" for i in range(count)), tuple(f"patient-{prefix}-{i}" for i in range(count)))


def sample_of(x: Any, y: Any) -> Sample:
    """Examples as a sample."""
    return Sample(Signs(np.asarray(x), np.asarray(y)), named(len(y)), "zero-one")


def random_sample(count: int, width: int = 3, noise: float = 0.3, seed: int = 0) -> Sample:
    """Examples whose class is the sign of the first feature, some of them turned."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((count, width))
    return sample_of(x, np.sign(x[:, 0] + noise * rng.standard_normal(count)))


def axes_pool(folder: Path, width: int = 3, **options: Any) -> Pool:
    """A base of zeros and one model for each axis: alpha is the merged w."""
    return pool_of(folder, [{"w": row} for row in np.eye(width)], {"w": np.zeros(width)}, **options)


def stage_of(folder: Path, steps: int = 10_000, told: list[int] | None = None) -> Stage:
    """A stage of its own; `told` collects the steps it reports."""
    return Course(folder, {"only": steps}, lambda done, total: None if told is None else told.append(done))["only"]

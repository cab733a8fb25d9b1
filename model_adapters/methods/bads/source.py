"""Where examples come from and where their weights go: what the method asks of any kind of data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_adapters.methods.bads.problem import Examples, Kind, Problem, TableProblem

if TYPE_CHECKING:
    from model_adapters.methods.bads.dynamics import Parameters
    from model_adapters.methods.bads.settings import Settings

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Weighted:
    """Weights to be written. weights, deviations: float64[n]. meta_weight: of every meta example.

    scores: float64[n] that a rule chose by, where it did.
    """

    weights: Float
    deviations: Float
    meta_weight: float
    scores: Float | None = None


@dataclass(frozen=True, kw_only=True)
class Source(ABC):
    """Two sets of examples, read.

    Attributes:
        train_ids, meta_ids: of the examples. facts: counts and hashes; go into the record and bind the folder.
        data: for the record, one entry a data set. base: what the network stands on.
        write: writes the weighted data set into a folder. write_model: writes the network there.
        scores: float32[n] of the training examples, higher for what the base itself finds likely, where it says so.
    """

    train_ids: tuple[str, ...]
    meta_ids: tuple[str, ...]
    facts: Mapping[str, Any]
    data: tuple[Mapping[str, Any], ...]
    base: str
    write: Callable[[Weighted, Path], None]
    write_model: Callable[[Parameters, Path], None]
    scores: NDArray[np.float32] | None = None

    @abstractmethod
    def problem(self, settings: Settings) -> Problem:
        """What is learnt.

        Raises:
            UserError: settings that do not fit this kind of data.
        """


@dataclass(frozen=True, kw_only=True)
class TableSource(Source):
    """Tables. kind, train, meta, outputs: as `TableProblem` takes them."""

    kind: Kind
    train: Examples
    meta: Examples
    outputs: int

    def problem(self, settings: Settings) -> Problem:
        """A linear layer, or a network with a hidden layer."""
        return TableProblem(self.kind, self.train, self.meta, self.outputs, settings.hidden)


def write_weights(source_ids: tuple[tuple[str, ...], tuple[str, ...]], found: Weighted, folder: Path) -> None:
    """`weights.csv`: id, set, weight, deviation, score (empty where none was made); training set first."""
    from data_splits.integrity import write_text

    rows = ["id,set,weight,deviation,score"]
    train, meta = source_ids
    scores = [""] * len(train) if found.scores is None else [f"{each:.6g}" for each in found.scores]
    rows += [
        f"{name},train,{weight:.6g},{spread:.6g},{score}"
        for name, weight, spread, score in zip(train, found.weights, found.deviations, scores, strict=True)
    ]
    rows += [f"{name},meta,{found.meta_weight:.6g},0," for name in meta]
    write_text(folder / "weights.csv", "\n".join(rows) + "\n")


def write_network(theta: Parameters, about: Mapping[str, Any], folder: Path) -> None:
    """`network.safetensors` and `network.json`, for networks that no adapter of the suite reads."""
    from safetensors.numpy import save

    from data_splits.integrity import atomic_write, write_json

    with atomic_write(folder / "network.safetensors") as stream:
        stream.write(save({name: np.ascontiguousarray(tensor.numpy()) for name, tensor in sorted(theta.items())}))
    write_json(folder / "network.json", dict(about))

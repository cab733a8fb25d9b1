"""Where examples come from and where their weights go: what the method asks of any kind of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_adapters.methods.bads.problem import Examples, Kind, Problem

if TYPE_CHECKING:
    from model_adapters.methods.bads.dynamics import Parameters

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Weighted:
    """Weights to be written. weights, deviations: float64[n]. meta_weight: of every meta example."""

    weights: Float
    deviations: Float
    meta_weight: float


@dataclass(frozen=True)
class Source:
    """Two sets of examples, read.

    Attributes:
        kind, train, meta, outputs: as `Problem` takes them.
        train_ids, meta_ids: of the examples. facts: counts and hashes; go into the record and bind the folder.
        data: for the record, one entry a data set. base: what the network stands on.
        write: writes the weighted data set into a folder. write_model: writes the network there.
    """

    kind: Kind
    train: Examples
    meta: Examples
    outputs: int
    train_ids: tuple[str, ...]
    meta_ids: tuple[str, ...]
    facts: Mapping[str, Any]
    data: tuple[Mapping[str, Any], ...]
    base: str
    write: Callable[[Weighted, Path], None]
    write_model: Callable[[Parameters, Path], None]

    def problem(self, hidden: int) -> Problem:
        """What is learnt."""
        return Problem(self.kind, self.train, self.meta, self.outputs, hidden)


def write_weights(source_ids: tuple[tuple[str, ...], tuple[str, ...]], found: Weighted, folder: Path) -> None:
    """`weights.csv`: id, set, weight, deviation; one row an example, training set first."""
    from data_splits.integrity import write_text

    rows = ["id,set,weight,deviation"]
    train, meta = source_ids
    rows += [
        f"{name},train,{weight:.6g},{spread:.6g}"
        for name, weight, spread in zip(train, found.weights, found.deviations, strict=True)
    ]
    rows += [f"{name},meta,{found.meta_weight:.6g},0" for name in meta]
    write_text(folder / "weights.csv", "\n".join(rows) + "\n")


def write_network(theta: Parameters, about: Mapping[str, Any], folder: Path) -> None:
    """`network.safetensors` and `network.json`, for networks that no adapter of the suite reads."""
    from safetensors.numpy import save

    from data_splits.integrity import atomic_write, write_json

    with atomic_write(folder / "network.safetensors") as stream:
        stream.write(save({name: np.ascontiguousarray(tensor.numpy()) for name, tensor in sorted(theta.items())}))
    write_json(folder / "network.json", dict(about))

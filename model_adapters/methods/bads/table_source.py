"""Examples from two safetensors files: any features, any classes or labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.methods.bads.meta_set import choose_meta, refuse_shared
from model_adapters.methods.bads.problem import Examples, Kind
from model_adapters.methods.bads.source import Source, TableSource, Weighted, write_network, write_weights

if TYPE_CHECKING:
    from model_adapters.methods.bads.dynamics import Parameters


def from_tables(train: Path, meta: Path, at_most: int | None, seed: int) -> Source:
    """Tables with `inputs` float32[n, d], `targets` int64[n] (classes) or float32[n, l] (labels, NaN unknown), and, if
    there are several examples of a patient, `groups` int64[n].

    Raises:
        UserError: a file that is none, tables that do not fit each other, no targets, shared groups, or a budget that
            cannot be met.
    """
    (x, y, groups), (mx, my, meta_groups) = _table(train), _table(meta)
    if x.shape[1] != mx.shape[1] or y.dtype != my.dtype or y.shape[1:] != my.shape[1:]:
        raise UserError(f"{train.name} and {meta.name} hold tables of other shapes or kinds of targets.")
    if train.resolve() == meta.resolve():
        raise UserError(f"{train.name} is both the training set and the meta set. A meta set holds other examples.")
    if groups is not None and meta_groups is not None:
        refuse_shared([str(each) for each in groups], [str(each) for each in meta_groups], "group", secret=False)
    classes = y.ndim == 1
    outputs = int(max(y.max(), my.max())) + 1 if classes else y.shape[1]
    names = () if classes else tuple(f"label {column}" for column in range(outputs))
    chosen = choose_meta(my, [str(row) for row in range(len(my))], at_most, seed, names)
    ids = tuple(f"{row}" for row in range(len(y))), tuple(f"{row}" for row in chosen)
    kind: Kind = "classes" if classes else "labels"
    facts = {
        "train": {"sha256": sha256_file(train), "examples": len(y)},
        "meta": {"sha256": sha256_file(meta), "examples": len(my), "used": len(chosen)},
    }

    def entry(path: Path) -> dict[str, Any]:
        return {
            "name": path.stem, "version": "1", "subset": "all", "hash": sha256_file(path), "licence": "not stated",
            "credentialed": False,
        }  # fmt: skip

    def write(found: Weighted, folder: Path) -> None:
        write_weights(ids, found, folder)

    def write_model(theta: Parameters, folder: Path) -> None:
        write_network(theta, {"kind": kind, "outputs": outputs, "inputs": x.shape[1]}, folder)

    return TableSource(
        kind=kind, train=Examples(x, y), meta=Examples(mx[chosen], my[chosen]), outputs=outputs, train_ids=ids[0],
        meta_ids=ids[1], facts=facts, data=(entry(train), entry(meta)), base=f"features of {train.name}", write=write,
        write_model=write_model,
    )  # fmt: skip


def _table(path: Path) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[np.int64] | None]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if not path.is_file():
        raise UserError(f"No table at {path}. Name a .safetensors file with inputs and targets, or a split.")
    try:
        found = load_file(path)
    except SafetensorError as error:
        raise UserError(f"{path} is not a readable safetensors file ({error}).") from error
    for name, what in (("targets", "labels"), ("inputs", "features")):
        if name not in found:
            raise UserError(f"{path.name} has no {what}: it lacks the tensor {name}.")
    x, y = found["inputs"], found["targets"]
    classes, labels = y.ndim == 1 and np.issubdtype(y.dtype, np.integer), y.ndim == 2 and y.dtype == np.float32
    if x.ndim != 2 or x.dtype != np.float32 or len(x) != len(y) or not (classes or labels) or not len(x):
        raise UserError(
            f"{path.name}: inputs are float32[n, d]; targets int64[n], or float32[n, l] of 1, 0 and NaN. Found "
            f"{x.dtype}{list(x.shape)} and {y.dtype}{list(y.shape)}."
        )
    known = y[np.isfinite(y)] if labels else y
    if not np.isfinite(x).all() or (labels and not np.isin(known, (0.0, 1.0)).all()) or (classes and y.min() < 0):
        raise UserError(f"{path.name} holds inputs that are not finite, or targets that are no class or label.")
    if labels and not len(known):
        raise UserError(f"{path.name} has no labels: every cell of targets is unknown.")
    groups = found.get("groups")
    if groups is not None and (groups.shape != (len(y),) or not np.issubdtype(groups.dtype, np.integer)):
        raise UserError(f"{path.name}: groups are int64[n], one an example. Found {groups.dtype}{list(groups.shape)}.")
    return x, y.astype(np.int64) if classes else y, groups


def made_up_tables(folder: Path) -> dict[str, Any]:
    """Two small tables of three classes; a third of the training targets is wrong. Always the same bytes."""
    from safetensors.numpy import save

    from data_splits.integrity import atomic_write

    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 5)) * 2.0
    for name, size, wrong in (("train", 60, 1 / 3), ("meta", 12, 0.0)):
        truth = np.arange(size) % 3
        x = (centres[truth] + rng.normal(size=(size, 5))).astype(np.float32)
        given = np.where(rng.random(size) < wrong, (truth + 1) % 3, truth)
        with atomic_write(folder / f"{name}.safetensors") as stream:
            stream.write(save({"inputs": x, "targets": given.astype(np.int64)}))
    return {
        "train": str(folder / "train.safetensors"), "meta": str(folder / "meta.safetensors"), "steps": 60, "batch": 12,
        "thin": 2, "meta_at_most": 9,
    }  # fmt: skip

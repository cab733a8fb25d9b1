"""The zoo: adapters of many source tasks, as rows of one file; given as files, or fine-tuned here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data_splits.errors import UserError
from data_splits.integrity import content_hash, sha256_file
from model_adapters.methods.certificates.course import Stage
from model_adapters.methods.merging.checkpoint import Checkpoint
from model_adapters.methods.merging.method import texts
from model_adapters.methods.steel.tasks import Host, fine_tuned
from model_adapters.methods.steel.vectors import BLOCK, Layout, VectorFile


def files_of(value: object, what: str) -> list[str]:
    """Paths from a list, a comma-separated text, or a folder (its .safetensors files by name).

    Raises:
        UserError: nothing is there.
    """
    found = texts(value)
    if len(found) == 1 and Path(found[0]).expanduser().is_dir():
        found = sorted(str(path) for path in Path(found[0]).expanduser().glob("*.safetensors"))
    if not found:
        raise UserError(f"{what} names no file: give a folder of .safetensors files, or a list.")
    return found


def files_hash(files: Sequence[str]) -> str:
    """One hash over the contents of files, in order.

    Raises:
        UserError: one is missing.
    """
    missing = [file for file in files if not Path(file).expanduser().is_file()]
    if missing:
        raise UserError(f"There is no file {missing[0]}.")
    return content_hash([sha256_file(Path(file).expanduser()) for file in files])


def read_zoo(files: Sequence[str], layout: Layout, zoo: VectorFile, stage: Stage) -> None:
    """Copy given adapters, a file each, to rows; one step.

    Raises:
        UserError: a file lacks a tensor, or has it in another shape.
    """
    if len(zoo) == len(files):
        return
    for first in range(0, len(files), BLOCK):
        zoo.write(first, np.stack([_read(file, layout) for file in files[first : first + BLOCK]]))
    stage.tell(1)


def train_zoo(
    files: Sequence[str], host: Host, loss: str, chunk: int, device: str, steps: int, rate: float, zoo: VectorFile,
    stage: Stage,
) -> None:  # fmt: skip
    """Fine-tune an adapter on every source task, all from zero: a step a task."""
    start = np.zeros(host.layout.size, np.float32)
    for row in range(len(zoo), len(files)):
        objective = host.objective([files[row]], loss, chunk, device)
        zoo.write(row, fine_tuned(objective, host.layout, start, steps, rate)[None])
        stage.tell(row + 1)


def _read(file: str, layout: Layout) -> np.ndarray:
    model = Checkpoint(file, [Path(file).expanduser()])
    for name, shape in layout.shapes.items():
        if name not in model.entries or model.entries[name].shape != shape:
            raise UserError(f"{file} has no {name!r} of shape {shape}, as the first adapter of the zoo has.")
    return layout.vector({name: model.read(name) for name in layout.shapes})

"""TIES as a pool: every task vector trimmed and sign-elected, on disk, so that coefficients of them may be learnt.

theta_0 + sum_k alpha_k tau'_k with tau'_k the entries of the trimmed tau_k that agree with the elected sign. Masks and
signs follow from the pool alone, so they are fixed before any sample is seen.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model_adapters.methods.certificates.course import Stage
from model_adapters.methods.merging.checkpoint import Checkpoint, Entry
from model_adapters.methods.merging.pool import BASE, Pool
from model_adapters.methods.merging.run import MergeRun
from model_adapters.methods.merging.task_vectors import TaskVectors
from model_adapters.methods.merging.ties import MergedVector
from model_adapters.methods.merging.writer import TensorWriter

if TYPE_CHECKING:
    import torch


class _Added(Checkpoint):
    """theta_0 + tau' of stored vectors: its file holds tau' in float32, exactly."""

    def __init__(self, file: Path, base: Checkpoint) -> None:
        super().__init__(str(file), [file])
        self._base = base

    def read(self, name: str) -> torch.Tensor:
        """A tensor of the changed model."""
        return self._base.read(name) + super().read(name)


def elected_steps(pool: Pool) -> int:
    """Thresholds, the majority sign, and the tensors of every model's file."""
    return pool.size + 1 + len(pool.merged)


def elected_pool(pool: Pool, density: float, folder: Path, stage: Stage, hold: bool = False) -> Pool:
    """The pool whose model k is theta_0 + tau'_k; its files are written to `folder` once.

    Raises:
        UserError: a density outside (0, 1].
    """
    run = MergeRun(pool, None, {}, 0, folder, stage.tell)
    folder.mkdir(parents=True, exist_ok=True)
    find = MergedVector(run, TaskVectors(pool), density, "sum")
    base = pool.checkpoint(BASE)
    entries = {name: _float32(pool.entry(name)) for name in pool.merged}
    paths = [folder / f"elected-{index}" / "model.safetensors" for index in range(1, pool.size + 1)]
    writers = [TensorWriter(path, entries) for path in paths]
    for done, name in enumerate(pool.merged, start=1):
        if all(name in writer.done for writer in writers):
            continue
        sign = find.sign(name)
        for index, writer in enumerate(writers, start=1):
            if name not in writer.done:
                part = find.trimmed.of(index, name)
                writer.write(name, (part * (part * sign > 0)).float())
        stage.tell(pool.size + 1 + done)
    for writer in writers:
        writer.finish()
    changed = Pool.__new__(Pool)
    changed.__dict__.update(pool.__dict__)
    changed.models = tuple(_Added(path, base) for path in paths)
    changed._held = {} if hold else None
    return changed


def _float32(entry: Entry) -> Entry:
    return Entry(entry.file, "F32", entry.shape, 0, 4 * entry.numel)

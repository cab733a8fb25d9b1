"""Several processes draw one run, one GPU each: `accelerate launch --multi_gpu $(which chexgenbench) eval ...`.

The batches are those of a single process, dealt out in turn (process r takes batches r, r + n, ...), and a seed depends
on its case alone: so the images do not depend on the number of processes (on a CPU, while a launcher sets no other
OMP_NUM_THREADS than a single process has). Each process keeps a store of its own in `samples/shards/`; the first one
merges them. A killed run goes on with any number of processes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from model_adapters.inference.generate import GenerationReport, Progress, generate
from model_adapters.inference.sample_store import SampleKey, SampleRow, SampleStore
from model_adapters.protocols import GenerationRequest, ImageGenerator

SHARDS = "shards"

PATIENCE = timedelta(days=7)
"""How long a process waits for the slowest one: drawing a share may take days."""


@dataclass(frozen=True)
class Share:
    """Which part of the work is this process's.

    Attributes:
        rank: 0 for the process that merges and goes on. world: number of processes.
    """

    rank: int = 0
    world: int = 1

    @property
    def alone(self) -> bool:
        """Whether there is one process."""
        return self.world == 1

    @property
    def main(self) -> bool:
        """Whether this process merges, scores and reports."""
        return self.rank == 0

    def device(self, asked: str) -> str:
        """The process's own GPU, where "cuda" was asked for; anything else as it is."""
        return f"cuda:{self._state.local_process_index}" if asked == "cuda" and not self.alone else asked

    def wait(self) -> None:
        """Until every process has come this far."""
        if not self.alone:
            self._state.wait_for_everyone()

    @contextmanager
    def main_first(self) -> Iterator[None]:
        """Let the main process through the block before the others."""
        if not self.main:
            self.wait()
        yield
        if self.main:
            self.wait()

    @cached_property
    def _state(self) -> Any:
        import torch
        from accelerate import PartialState

        threads = torch.get_num_threads()
        state = PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)
        # It divides the threads among the processes, and a convolution of one thread may end in other last digits.
        torch.set_num_threads(threads)
        return state


def this_share() -> Share:
    """The share that a launcher (accelerate, torchrun) told this process by its environment."""
    if "RANK" not in os.environ:
        return Share()
    return Share(int(os.environ["RANK"]), int(os.environ.get("WORLD_SIZE", "1")))


def of_share(requests: Sequence[GenerationRequest], share: Share, size: int) -> list[GenerationRequest]:
    """The requests of one share: every world-th batch of `size`, so that batches are the same for any world."""
    starts = range(share.rank * size, len(requests), share.world * size)
    return [request for start in starts for request in requests[start : start + size]]


class ShardStore(SampleStore):
    """The store of one process. What the merged store has already, it need not draw."""

    def __init__(self, folder: Path, key: Mapping[str, Any], merged: SampleStore) -> None:
        super().__init__(folder, key)
        self._merged = merged

    @property
    def rows(self) -> dict[SampleKey, SampleRow]:
        return {**self._merged.rows, **super().rows}

    @property
    def own(self) -> dict[SampleKey, SampleRow]:
        """The rows that this process drew."""
        return super().rows

    def has(self, key: SampleKey) -> bool:
        return super().has(key) or self._merged.has(key)


def generate_shared(
    generator: ImageGenerator,
    requests: Sequence[GenerationRequest],
    folder: Path,
    key: Mapping[str, Any],
    share: Share,
    *,
    batch_size: int = 8,
    max_failed: int = 0,
    progress: Progress | None = None,
) -> GenerationReport:
    """Draw every request that the store in `folder` does not have; in the main process, the report of the whole run.

    With one process this is `generate`. Other processes return the report of their share once all is merged.
    """
    if share.main:
        merged = SampleStore(folder, key)
        merge(merged, requests)
    share.wait()
    if not share.alone:
        size = max(1, getattr(generator, "compute_batch", None) or batch_size)
        shard = ShardStore(folder / SHARDS / f"{share.rank}-of-{share.world}", key, SampleStore(folder, key))
        report = generate(
            generator, of_share(requests, share, size), shard,
            batch_size=size, max_failed=max_failed, progress=progress if share.main else None,
        )  # fmt: skip
        share.wait()
        if not share.main:
            return report
        merge(merged, requests)
    return generate(generator, requests, merged, batch_size=batch_size, max_failed=max_failed, progress=progress)


def merge(store: SampleStore, requests: Sequence[GenerationRequest]) -> int:
    """Take over what processes left in `shards/`, in the order of the requests, and remove it. Returns what was new."""
    folders = sorted(path for path in (store.folder / SHARDS).glob("*") if path.is_dir())
    if not folders:
        return 0
    shards = [ShardStore(folder, store.key, store) for folder in folders]
    drawn = {key: (row, shard) for shard in shards for key, row in shard.own.items()}
    new = 0
    with store.locked():
        for request in requests:
            found = drawn.get((request.case_id, request.draw))
            if found is not None and not store.has(found[0].key):
                row, shard = found
                store.append([(row, shard.load(row) if row.status == "ok" else None)])
                new += 1
    shutil.rmtree(store.folder / SHARDS)
    return new

"""The engine that draws images: batches, out-of-memory halving, typed outcomes, commit after every batch."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_splits.case import Case
from data_splits.errors import ImageUnreadable, UserError
from data_splits.integrity import write_json
from model_adapters.inference.hashing import image_hash
from model_adapters.inference.memory import free_memory, is_out_of_memory
from model_adapters.inference.sample_store import SampleRow, SampleStore
from model_adapters.inference.seeds import derive_seed
from model_adapters.protocols import GenerationRefused, GenerationRequest, Image, ImageGenerator

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with (samples done, samples in all)."""

Outcome = tuple[SampleRow, Image | None]


@dataclass(frozen=True, slots=True)
class GenerationReport:
    """What a call of `generate` did.

    Attributes:
        requested: samples asked for. skipped: of these, already in the store. drawn: outcomes added now.
        counts: status -> samples, over all that were asked for.
        bad: rows that failed or are corrupt, in request order.
        batch_size: the batch size that fits, after any halving.
    """

    requested: int
    skipped: int
    drawn: int
    counts: Mapping[str, int]
    bad: tuple[SampleRow, ...]
    batch_size: int

    def require(self, max_bad: int = 0) -> None:
        """Raise UserError, listing the samples, if more than `max_bad` of them failed or are corrupt."""
        if len(self.bad) > max_bad:
            shown = ", ".join(f"{row.case_id}#{row.draw} ({row.status}: {row.reason})" for row in self.bad[:10])
            more = f" and {len(self.bad) - 10} more" if len(self.bad) > 10 else ""
            raise UserError(
                f"{len(self.bad)} sample(s) have no image: {shown}{more}. "
                f"Mend them and run again, or allow them with --max-bad {len(self.bad)}; they are never replaced."
            )


def requests_for(
    cases: Iterable[Case], run_seed: int, draws: int = 1, needs_prompt: bool = True
) -> list[GenerationRequest]:
    """The requests of a subset: `draws` images per case, in case order, draw by draw.

    Raises:
        UserError: a case has no prompt although the generator needs one.
    """
    cases = list(cases)
    silent = [case.id for case in cases if case.prompt is None]
    if silent and needs_prompt:
        raise UserError(
            f"{len(silent)} case(s) have no prompt, such as {', '.join(silent[:3])}: a text-to-image model cannot "
            "draw them. Choose a split with prompts."
        )
    return [
        GenerationRequest(case.id, case.prompt or "", derive_seed(run_seed, case.id, draw), draw)
        for draw in range(draws)
        for case in cases
    ]


def generate(
    generator: ImageGenerator,
    requests: Sequence[GenerationRequest],
    store: SampleStore,
    *,
    batch_size: int = 8,
    max_failed: int = 0,
    progress: Progress | None = None,
) -> GenerationReport:
    """Draw every request that the store does not have yet, and commit each batch.

    A generator may have `compute_batch: int`: it then always gets exactly that many requests (the last ones repeated
    as padding), because the batch size moves floating-point results in their last digits. Batches are cut from the
    whole list, not from what is missing, so that a resumed run computes what an uninterrupted one does.

    On running out of accelerator memory the batch size is halved, for good: the store remembers it. At one image it
    is a UserError.

    An image that cannot be read is `corrupt`, a `GenerationRefused` is `refused`, any other exception of the adapter is
    `failed` while there are at most `max_failed` of them, and then raised as it is: what was drawn before stays.
    """
    prepare = getattr(generator, "prepare", None)
    if prepare is not None:
        prepare(requests)
    size = max(1, getattr(generator, "compute_batch", None) or batch_size)
    padded = hasattr(generator, "compute_batch")
    memory = store.folder / "batch_size.json"
    if memory.exists():
        size = min(size, int(json.loads(memory.read_text("utf-8"))))
    failed = drawn = 0
    skipped = sum(store.has((each.case_id, each.draw)) for each in requests)
    with store.locked():
        start = 0
        while start < len(requests):
            batch = [each for each in requests[start : start + size] if not store.has((each.case_id, each.draw))]
            if batch:
                try:
                    outcomes = _draw(generator, batch, size if padded else len(batch), max_failed - failed)
                except _OutOfMemory as error:
                    if size == 1:
                        raise UserError(
                            "Out of memory at a single image. Choose a device with more memory, or a smaller --dtype."
                        ) from error
                    size = max(1, size // 2)
                    write_json(memory, size)
                    log.warning("out of memory: the batch size is now %d", size)
                    continue
                store.append(outcomes)
                failed += sum(row.status == "failed" for row, _ in outcomes)
                drawn += len(outcomes)
            start += size
            if progress is not None:
                progress(min(start, len(requests)), len(requests))
    rows = store.rows
    asked = [rows[each.case_id, each.draw] for each in requests]
    return GenerationReport(
        requested=len(requests),
        skipped=skipped,
        drawn=drawn,
        counts=dict(Counter(row.status for row in asked)),
        bad=tuple(row for row in asked if row.status in ("failed", "corrupt")),
        batch_size=size,
    )


class _OutOfMemory(Exception):
    """Out of accelerator memory, told apart from all that may go wrong in one request."""


def _call(generator: ImageGenerator, batch: Sequence[GenerationRequest], size: int) -> list[Image]:
    padding = [batch[-1]] * (size - len(batch))
    images = generator.generate([*batch, *padding])
    if len(images) != len(batch) + len(padding):
        raise ValueError(f"{type(generator).__name__} returned {len(images)} images for {len(batch) + len(padding)}")
    return images[: len(batch)]


def _draw(generator: ImageGenerator, batch: list[GenerationRequest], size: int, tolerated: int) -> list[Outcome]:
    """Outcomes of a batch. A request that cannot be drawn is found by drawing one at a time."""
    annotate: Callable[[GenerationRequest], dict[str, Any]] = getattr(generator, "annotate", lambda request: {})
    try:
        images = _call(generator, batch, size)
        return [_ok(each, image, annotate(each)) for each, image in zip(batch, images, strict=True)]
    except Exception as error:
        if is_out_of_memory(error):
            free_memory()
            raise _OutOfMemory from error
        if len(batch) > 1:
            outcomes: list[Outcome] = []
            for request in batch:
                outcomes += _draw(generator, [request], size if hasattr(generator, "compute_batch") else 1, tolerated)
                tolerated -= outcomes[-1][0].status == "failed"
            return outcomes
        if isinstance(error, ImageUnreadable):
            return [_lost(batch[0], "corrupt", error)]
        if isinstance(error, GenerationRefused):
            return [_lost(batch[0], "refused", error)]
        if isinstance(error, UserError) or tolerated <= 0:
            raise
        log.warning("sample %s#%d failed: %s", batch[0].case_id, batch[0].draw, type(error).__name__)
        return [_lost(batch[0], "failed", error)]


def _ok(request: GenerationRequest, image: Image, info: dict[str, Any]) -> Outcome:
    row = SampleRow(request.case_id, request.draw, request.seed, "ok", image_hash(image), info=info or None)
    return row, image


def _lost(request: GenerationRequest, status: Any, error: Exception) -> Outcome:
    return SampleRow(request.case_id, request.draw, request.seed, status, reason=type(error).__name__), None

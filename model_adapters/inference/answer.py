"""The engine that asks questions: batches, out-of-memory halving, refusals as outcomes, an append after every batch."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from data_splits.errors import ImageUnreadable, UserError
from data_splits.integrity import write_json
from model_adapters.inference.ask import Ask
from model_adapters.inference.batch_check import BatchCheck, check_batches, remembered_check
from model_adapters.inference.memory import free_memory, is_out_of_memory
from model_adapters.inference.response_store import ResponseRow, ResponseStore
from model_adapters.protocols import AnswerRefused, AnswerRequest, Response, VisionLanguageModel

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with (questions done, questions in all)."""

TRIES = 2
"""How often a single question is put before its error counts."""
FAILURES_IN_A_ROW = 6
"""After so many failures without an answer between them the run stops: it is not the questions' fault. Of an adapter
that schedules requests itself, twice its concurrency: what fails takes longest and comes last."""
WAITING = 4
"""Questions handed to an adapter that schedules them itself, in multiples of its concurrency."""


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """What a call of `answer` did.

    Attributes:
        requested: questions asked for. skipped: of these, answered before. answered: outcomes added now.
        counts: status -> questions.
        failed: question -> the error by name, for those without an outcome; nothing of them is stored.
        batch_size: the batch size that fits, after any halving.
        check: what the comparison of batch and single answers found, or None where there was none.
    """

    requested: int
    skipped: int
    answered: int
    counts: Mapping[str, int]
    failed: Mapping[str, str]
    batch_size: int
    check: BatchCheck | None = None

    def require(self, max_bad: int = 0) -> None:
        """Raise UserError, listing the questions, if more than `max_bad` of them have no outcome."""
        if len(self.failed) > max_bad:
            shown = ", ".join(f"{name} ({reason})" for name, reason in list(self.failed.items())[:10])
            more = f" and {len(self.failed) - 10} more" if len(self.failed) > 10 else ""
            unread = {ImageUnreadable.__name__, FileNotFoundError.__name__} & set(self.failed.values())
            files = " `data-splits verify SPLIT` names the image files." if unread else ""
            raise UserError(
                f"{len(self.failed)} question(s) have no answer: {shown}{more}.{files} "
                f"Run the same command again to ask only these, or leave them out with --max-bad {len(self.failed)}."
            )


@dataclass
class _Engine:
    model: VisionLanguageModel
    store: ResponseStore
    size: int
    failed: dict[str, str] = field(default_factory=dict)
    answered: int = 0
    in_a_row: int = 0

    def batches(self, asks: Sequence[Ask], done: Callable[[int], None]) -> None:
        """Ask batch by batch. Batches are cut from the whole list, and one with a gap is asked whole: a resumed run
        computes exactly what an uninterrupted one does."""
        start = 0
        while start < len(asks):
            batch = asks[start : start + self.size]
            if any(self.store.get(ask) is None for ask in batch):
                try:
                    self._keep(self._rows(batch))
                except _OutOfMemory:
                    self.size = max(1, self.size // 2)
                    write_json(self.store.folder / "batch_size.json", self.size)
                    log.warning("out of memory: the batch size is now %d", self.size)
                    continue
            start += self.size
            done(len(batch))

    def stream(self, asks: Sequence[Ask], done: Callable[[int], None]) -> None:
        """Hand the open questions to an adapter that schedules them itself, and store each answer as it arrives."""
        answer_each: Callable[[Sequence[AnswerRequest]], Iterator[tuple[int, Response | Exception]]]
        answer_each = self.model.answer_each  # type: ignore[attr-defined]
        chunk = WAITING * max(1, int(getattr(self.model, "concurrency", 8)))
        for start in range(0, len(asks), chunk):
            part = asks[start : start + chunk]
            loaded = [(ask, got) for ask in part if self.store.get(ask) is None and (got := self._load(ask))]
            done(len(part) - len(loaded))
            for index, outcome in answer_each([request for _, request in loaded]):
                ask = loaded[index][0]
                if isinstance(outcome, Response):
                    self._keep([self.store.row(ask, outcome)])
                elif isinstance(outcome, AnswerRefused):
                    self._keep([self.store.refusal(ask, type(outcome).__name__)])
                elif isinstance(outcome, UserError):
                    raise outcome
                else:
                    self._fail(ask, outcome)
                    if self.in_a_row >= max(FAILURES_IN_A_ROW, chunk // 2):
                        raise UserError(
                            f"{self.in_a_row} requests in a row failed ({_named(outcome)}). What was answered "
                            "is stored: run the same command again when the service is well."
                        ) from outcome
                done(1)

    def _rows(self, batch: Sequence[Ask]) -> list[ResponseRow]:
        """Outcomes of a batch. A question that cannot be answered is found by asking one at a time."""
        refused: Callable[[AnswerRequest], str | None] = getattr(self.model, "refusal", lambda request: None)
        loaded, rows = [], []
        for ask in batch:
            request = self._load(ask)
            if request is not None and refused(request) is not None:
                rows.append(self.store.refusal(ask, AnswerRefused.__name__))
            elif request is not None:
                loaded.append((ask, request))
        if not loaded:
            return rows
        try:
            return rows + self._answers(loaded)
        except Exception as error:
            if is_out_of_memory(error):
                free_memory()
                if len(batch) > 1:
                    raise _OutOfMemory from error
            elif isinstance(error, UserError):
                raise
            if len(loaded) > 1:
                return rows + [row for one in loaded for row in self._single(one)]
        return rows + self._single(loaded[0])

    def _single(self, one: tuple[Ask, AnswerRequest]) -> list[ResponseRow]:
        for left in reversed(range(TRIES)):
            try:
                return self._answers([one])
            except AnswerRefused as error:
                return [self.store.refusal(one[0], type(error).__name__)]
            except UserError:
                raise
            except Exception as error:
                if is_out_of_memory(error):
                    free_memory()
                if not left:
                    self._fail(one[0], error)
                    if self.in_a_row >= FAILURES_IN_A_ROW and not is_out_of_memory(error):
                        raise
        return []

    def _answers(self, loaded: Sequence[tuple[Ask, AnswerRequest]]) -> list[ResponseRow]:
        responses = self.model.answer([request for _, request in loaded])
        if len(responses) != len(loaded):
            raise ValueError(f"{type(self.model).__name__} gave {len(responses)} answers to {len(loaded)} questions")
        return [self.store.row(ask, response) for (ask, _), response in zip(loaded, responses, strict=True)]

    def _load(self, ask: Ask) -> AnswerRequest | None:
        try:
            return ask.request()
        except (ImageUnreadable, FileNotFoundError) as error:
            self.failed[ask.case_id] = type(error).__name__
            return None

    def _keep(self, rows: Sequence[ResponseRow]) -> None:
        self.answered += self.store.append(rows)
        for row in rows:
            self.failed.pop(row.case_id, None)
        if rows:
            self.in_a_row = 0

    def _fail(self, ask: Ask, error: Exception) -> None:
        self.failed[ask.case_id] = "out of memory" if is_out_of_memory(error) else _named(error)
        self.in_a_row += 1
        log.warning("no answer to %s: %s", ask.case_id, self.failed[ask.case_id])


def _named(error: Exception) -> str:
    """An error by name, with its attribute `fault` where an adapter tells one; never its text, which may quote."""
    fault = getattr(error, "fault", "")
    return f"{type(error).__name__}: {fault}" if fault else type(error).__name__


class _OutOfMemory(Exception):
    """Out of memory in a batch of several."""


def answer(
    model: VisionLanguageModel,
    asks: Sequence[Ask],
    store: ResponseStore,
    *,
    batch_size: int = 8,
    self_check: int = 4,
    progress: Progress | None = None,
    say: Callable[[str], None] = log.info,
) -> AnswerReport:
    """Put every question that the store has no outcome for, and commit each batch.

    Questions are asked from the largest to the smallest (images, then text), so that a batch pads little and memory
    runs out early. On running out the batch size is halved, for good: the store remembers it. An adapter with
    `answer_each` gets the questions in one stream instead and schedules them itself.

    At the start a few questions are asked in a batch and one by one. If the answers differ, batches change this
    model's answers, and everything is asked one by one. The answers given one by one are kept.

    A refusal (`AnswerRefused`) is an outcome. Any other error is none: the question is put again, then listed in
    `failed`, and nothing of it is stored.

    Args:
        batch_size: questions in a batch. self_check: questions to compare (0: do not).
        say: takes a sentence on what the comparison found.
    """
    unique = {store.key(ask): ask for ask in asks}
    ordered = sorted(unique.values(), key=lambda ask: ask.size, reverse=True)
    skipped = sum(store.get(ask) is not None for ask in ordered)
    memory = store.folder / "batch_size.json"
    size = max(1, batch_size)
    if memory.exists():
        size = min(size, int(json.loads(memory.read_text("utf-8"))))
    engine = _Engine(model, store, size)
    streams = hasattr(model, "answer_each")
    seen = 0

    def done(more: int) -> None:
        nonlocal seen
        seen += more
        if progress is not None:
            progress(seen, len(ordered))

    check: BatchCheck | None = None
    with store.locked():
        if streams:
            engine.stream(ordered, done)
        else:
            check = remembered_check(store)
            if check is None and size > 1 and self_check and skipped < len(ordered):
                check = check_batches(model, ordered, store, self_check, size, say)
                engine.answered = sum(store.get(ask) is not None for ask in ordered) - skipped
            if check is not None and not check.agree:
                engine.size = 1
            single = frozenset(check.keys) if check is not None else frozenset()
            rest = [ask for ask in ordered if store.key(ask) not in single or store.get(ask) is None]
            done(len(ordered) - len(rest))
            engine.batches(rest, done)
    rows = [row for ask in ordered if (row := store.get(ask)) is not None]
    return AnswerReport(
        requested=len(ordered),
        skipped=skipped,
        answered=engine.answered,
        counts=dict(Counter(row.status for row in rows)),
        failed=dict(sorted(engine.failed.items())),
        batch_size=engine.size,
        check=check,
    )

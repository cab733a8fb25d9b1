"""Do batches change a model's answers? A few questions asked in one batch and one by one, at the start of a run."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from data_splits.errors import ImageUnreadable
from data_splits.integrity import write_json
from model_adapters.inference.ask import Ask
from model_adapters.inference.memory import free_memory, is_out_of_memory
from model_adapters.inference.response_store import ResponseStore
from model_adapters.protocols import AnswerRefused, AnswerRequest, Response, VisionLanguageModel

FILE = "batch_check.json"


@dataclass(frozen=True, slots=True)
class BatchCheck:
    """What was compared.

    Attributes:
        compared: questions. differing: of these, with another text or another winning letter in the batch.
        largest_logit_gap: largest difference of a letter's logit between both ways; None where no letters were asked.
        keys: of the questions compared; their answers are those given one by one.
    """

    compared: int
    differing: int
    largest_logit_gap: float | None
    keys: tuple[str, ...]

    @property
    def agree(self) -> bool:
        """Whether batches may be used."""
        return self.differing == 0

    @property
    def sentence(self) -> str:
        """The finding in words."""
        if self.agree:
            return f"batch check: {self.compared} questions answered alike in a batch and one by one"
        return (
            f"batch check: {self.differing} of {self.compared} answers change when asked in a batch; "
            "every question is asked alone from here on"
        )


def remembered_check(store: ResponseStore) -> BatchCheck | None:
    """What an earlier start of the same run found."""
    path = store.folder / FILE
    if not path.exists():
        return None
    data = json.loads(path.read_text("utf-8"))
    return BatchCheck(**(data | {"keys": tuple(data["keys"])}))


def check_batches(
    model: VisionLanguageModel,
    asks: Sequence[Ask],
    store: ResponseStore,
    count: int,
    batch_size: int,
    say: Callable[[str], None],
) -> BatchCheck | None:
    """Compare, keep the single answers, remember and say what was found.

    The questions are spread evenly over the sorted list: the batch mixes long and short ones, which is where padding
    goes wrong. None where too few questions can be compared (refused, unreadable, or too large for one batch).

    Args:
        asks: all questions of the run, sorted by size. count: how many to compare, at most the batch size.
    """
    count = min(count, batch_size, len(asks))
    if count < 2:
        return None
    chosen = [asks[round(index * (len(asks) - 1) / (count - 1))] for index in range(count)]
    loaded: list[tuple[Ask, AnswerRequest]] = []
    refused: Callable[[AnswerRequest], str | None] = getattr(model, "refusal", lambda request: None)
    for ask in dict.fromkeys(chosen):
        try:
            request = ask.request()
        except (ImageUnreadable, FileNotFoundError):
            continue
        if refused(request) is None:
            loaded.append((ask, request))
    single: list[tuple[Ask, AnswerRequest, Response]] = []
    try:
        for ask, request in loaded:
            with contextlib.suppress(AnswerRefused):
                single.append((ask, request, model.answer([request])[0]))
        if len(single) < 2:
            say("batch check: left out, fewer than two of the chosen questions can be answered")
            return None
        together = model.answer([request for _, request, _ in single])
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        free_memory()
        say("batch check: left out, the chosen questions do not fit into memory together")
        return None
    rows = [store.row(ask, response) for ask, _, response in single]
    others = [store.row(ask, response) for (ask, _, _), response in zip(single, together, strict=True)]
    pairs = list(zip(rows, others, strict=True))
    gaps = [
        abs(one.letter_logits[name] - other.letter_logits.get(name, one.letter_logits[name]))
        for one, other in pairs
        for name in one.letter_logits
    ]
    check = BatchCheck(
        compared=len(pairs),
        differing=sum((one.text, one.letter) != (other.text, other.letter) for one, other in pairs),
        largest_logit_gap=max(gaps) if gaps else None,
        keys=tuple(row.key for row in rows),
    )
    write_json(store.folder / FILE, asdict(check))
    store.append(rows)
    say(check.sentence)
    return check

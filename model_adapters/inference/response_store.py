"""Answers on disk: append-only, crash-safe, keyed by how they were elicited, so that any scorer re-applies to them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from data_splits.errors import UserError
from data_splits.integrity import append_lines, canonical_json, content_hash
from model_adapters.card import ModelCard
from model_adapters.inference.ask import Ask
from model_adapters.inference.store_files import bind_key, folder_lock
from model_adapters.protocols import Response

Status = Literal["ok", "refused"]
"""ok: there is a response. refused: the model declined. An error is never stored: it is no answer."""


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """One line of the log: the outcome of one question.

    Attributes:
        key: sha256 of how the answer was elicited (`Ask.key`). case_id, task: the question.
        text, letter_logits, truncated, tokens_in, tokens_out: of the Response.
        letters: the option letters asked for; () where text was. max_new_tokens: the cap.
        reason: name of the exception of a refusal.
    """

    key: str
    case_id: str
    task: str
    status: Status
    text: str = ""
    letter_logits: Mapping[str, float] = field(default_factory=dict)
    truncated: bool = False
    tokens_in: int | None = None
    tokens_out: int | None = None
    letters: tuple[str, ...] = ()
    max_new_tokens: int = 0
    reason: str | None = None

    @property
    def letter(self) -> str | None:
        """The letter of the highest logit (the first of several), or None where no letters were asked for."""
        logits = self.letter_logits
        return max(logits, key=lambda name: (logits[name], -ord(name[0]))) if logits else None


def model_identity(card: ModelCard, **further: Any) -> dict[str, Any]:
    """What of a model its answers depend on: name, source, revision, settings, weights, and what the caller adds."""
    facts = card.model_dump(mode="json", include={"name", "source", "revision", "settings", "weight_hashes"})
    return facts | further


class ResponseStore:
    """The answers of one model: `key.json` (the model) and `responses.jsonl` (one `ResponseRow` a line).

    Rows reach the disk before `append` returns, so a killed process loses at most the batch that was under way. A torn
    last line is dropped; the first answer of a key counts and is never written over.

    Args:
        folder: made where it does not exist.
        model: the model card as plain values; what a record says of the model.
        identity: `model_identity`: what the answers depend on. A folder of another identity is refused.

    Raises:
        UserError: the folder belongs to another model, or a line in the middle of the log is damaged.
    """

    def __init__(self, folder: Path, model: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
        self.folder = folder
        self.model = dict(model)
        self._log = folder / "responses.jsonl"
        bind_key(folder, {"model": self.model, "identity": dict(identity)}, self._log, "answers")
        self.identity = content_hash(dict(identity))
        self._rows = self._read()

    @classmethod
    def reopen(cls, folder: Path) -> ResponseStore:
        """Open a store without the model, to score what it holds.

        Raises:
            UserError: there is no store.
        """
        path = folder / "key.json"
        if not path.exists():
            raise UserError(f"{folder.parent} has no answers yet. Run `mirb answer` (or `mirb eval`) first.")
        key = json.loads(path.read_text("utf-8"))
        return cls(folder, key["model"], key["identity"])

    @property
    def rows(self) -> dict[str, ResponseRow]:
        """Key -> row, in the order in which answers came."""
        return dict(self._rows)

    def key(self, ask: Ask) -> str:
        """The key of a question's answer."""
        return ask.key(self.identity)

    def get(self, ask: Ask) -> ResponseRow | None:
        """The outcome of a question, or None where it has none yet."""
        return self._rows.get(self.key(ask))

    def row(self, ask: Ask, response: Response) -> ResponseRow:
        """The row of a response."""
        return ResponseRow(
            key=self.key(ask),
            case_id=ask.case_id,
            task=ask.task,
            status="ok",
            text=response.text,
            letter_logits={name: float(value) for name, value in response.letter_logits.items()},
            truncated=response.truncated,
            tokens_in=response.tokens_in,
            tokens_out=response.tokens_out,
            letters=ask.letters,
            max_new_tokens=ask.max_new_tokens,
        )

    def refusal(self, ask: Ask, reason: str) -> ResponseRow:
        """The row of a refusal."""
        key = self.key(ask)
        return ResponseRow(
            key, ask.case_id, ask.task, "refused", letters=ask.letters, max_new_tokens=ask.max_new_tokens, reason=reason
        )

    def append(self, rows: Iterable[ResponseRow]) -> int:
        """Store outcomes in one flushed write and return how many were new. A key that stands is not written again.

        Raises:
            UserError: the disk is full or read-only; what was stored before stays whole.
            ValueError: a number that is not finite.
        """
        fresh = {row.key: row for row in rows if row.key not in self._rows}
        if fresh:
            append_lines(self._log, [canonical_json(_trim(row)) for row in fresh.values()])
            self._rows.update(fresh)
        return len(fresh)

    def responses_hash(self, asks: Iterable[Ask]) -> str:
        """sha256 over the outcomes of these questions, whatever the order in which they came.

        Of letter logits only the winner counts: their last digits follow the batch size.
        """
        rows = sorted((row for ask in asks if (row := self.get(ask)) is not None), key=lambda row: row.key)
        return content_hash([[row.key, row.status, row.text, row.letter, row.truncated] for row in rows])

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing (see `folder_lock`)."""
        with folder_lock(self.folder):
            yield

    def _read(self) -> dict[str, ResponseRow]:
        rows: dict[str, ResponseRow] = {}
        if not self._log.exists():
            return rows
        *lines, _torn = self._log.read_bytes().split(b"\n")
        for number, line in enumerate(lines, 1):
            try:
                data = json.loads(line)
                row = ResponseRow(**(data | {"letters": tuple(data.get("letters", ()))}))
                if row.status not in get_args(Status):
                    raise ValueError(row.status)
            except (ValueError, TypeError, AttributeError) as error:
                raise UserError(
                    f"Line {number} of {self._log} is damaged. Delete that line: its question is then asked again."
                ) from error
            rows.setdefault(row.key, row)
        return rows


def _trim(row: ResponseRow) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if value not in (None, (), {}, False)}

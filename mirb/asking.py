"""From questions to asks, and the note of which answer belongs to which question.

Any list of asks can be answered into a run's store (`answer_into`): the questions of a protocol, or those of an
ablation, which differ in their parts and so in their keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from data_splits.errors import UserError
from data_splits.integrity import content_hash, write_json
from data_splits.question import Question, QuestionSplit
from mirb.protocols import Protocol
from mirb.tasks import find
from model_adapters.inference.answer import AnswerReport, Progress, answer
from model_adapters.inference.ask import Ask, ImageRef
from model_adapters.inference.response_store import ResponseRow, ResponseStore
from model_adapters.protocols import VisionLanguageModel


def image_refs(split: QuestionSplit, question: Question) -> list[ImageRef]:
    """The images of a question, in order, unread."""
    hashes = split.image_hashes
    return [
        ImageRef(hashes[key] if key in hashes else content_hash(key), partial(split.read_image, key))
        for key in question.images
    ]


def ask_of(protocol: Protocol, question: Question, images: Sequence[ImageRef], tells_letters: bool = True) -> Ask:
    """A question as a protocol puts it.

    Args:
        images: `image_refs`, or what an ablation puts in their place.
        tells_letters: whether the model tells probabilities of letters; if not, text is asked for instead.
    """
    task = find(question.task)
    letters = protocol.letters_for(task) if tells_letters else ()
    parts = protocol.parts(question, task, list(images))
    return Ask(question.id, question.task, parts, letters, protocol.max_new_tokens)


def asks_of(protocol: Protocol, split: QuestionSplit, questions: Sequence[Question], tells_letters: bool) -> list[Ask]:
    """All questions as a protocol puts them."""
    return [ask_of(protocol, each, image_refs(split, each), tells_letters) for each in questions]


def tells_letters(model: VisionLanguageModel) -> bool:
    """Whether a model tells the probabilities of option letters (it does unless it says `letter_logits = False`)."""
    return bool(getattr(model, "letter_logits", True))


def answer_into(
    store: ResponseStore,
    model: VisionLanguageModel,
    asks: Sequence[Ask],
    *,
    batch_size: int,
    max_bad: int = 0,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> AnswerReport:
    """Answer what the store lacks.

    Raises:
        UserError: more than `max_bad` questions end without an outcome; nothing of them is stored.
    """
    report = answer(model, asks, store, batch_size=batch_size, progress=progress, say=say)
    report.require(max_bad)
    return report


@dataclass(frozen=True)
class Asked:
    """Which answer belongs to which question of a run.

    Attributes:
        keys: question id -> key of its answer in the store.
        questions: fingerprint of the questions as they were put, so that answers are not scored against others.
        hash: the split's hash, cut to the questions asked.
    """

    keys: dict[str, str]
    questions: str
    hash: str

    @classmethod
    def of(cls, split: QuestionSplit, asks: Sequence[Ask], store: ResponseStore) -> Asked:
        """From the asks of a run; the split holds the questions asked and no others."""
        return cls({ask.case_id: store.key(ask) for ask in asks}, fingerprint(split), split.hash)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        write_json(path, {"keys": self.keys, "questions": self.questions, "hash": self.hash})

    @classmethod
    def read(cls, path: Path, split: QuestionSplit) -> Asked:
        """Read it back and check that the split still holds the same questions.

        Raises:
            UserError: nothing was asked yet, the note is damaged, or the questions have changed since.
        """
        try:
            asked = cls(**json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            raise UserError(f"{path.parent} has no answers yet. Run `mirb answer` (or `mirb eval`) first.") from None
        except (ValueError, TypeError):
            raise UserError(f"{path} is damaged. Run the same `mirb eval` again: it writes it anew.") from None
        if asked.questions != fingerprint(split):
            raise UserError(
                f"The questions of {split.name} are not those that {path.parent} asked. Run `mirb answer` again, or "
                "point --split to the data of that run."
            )
        return asked

    def rows(self, store: ResponseStore) -> dict[str, ResponseRow]:
        """Question id -> outcome, for the questions that have one."""
        rows = store.rows
        return {name: rows[key] for name, key in self.keys.items() if key in rows}


def fingerprint(split: QuestionSplit) -> str:
    """sha256 over ids, texts, gold answers, options, clusters and image keys; reads no image."""
    asked = [
        [each.id, each.task, each.question, each.answer, list(each.images), list(each.choices), each.cluster]
        for each in split.questions
    ]
    return content_hash([split.name, split.version, asked])

"""A question about several images, and a split of them: what a vision-language model is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import content_hash

ColourImage = NDArray[np.uint8]
"""uint8[height, width, 3], RGB."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a multi-image benchmark with its gold answer.

    Attributes:
        id: unique in the split; letters, digits, `._-`.
        task: name of the task, for example "count".
        question: the text as it is put to a model, options inlined as the source prints them.
        answer: the gold answer as text ("B", "29", "Yes", a title), whatever type the source stored it in.
        images: image keys in the order of the question; `QuestionSplit.read_image` takes one.
        choices: the option texts in order (A first), where the source or the generator tells them apart.
        cluster: images or sources that several questions share make them one cluster for intervals; by default the
            question stands alone.
        text_question: the same question with text in place of every image, for the tasks that have one
            (codeu, plot_code, arxiv), else None.
        evidence: what a generator knows and real data cannot tell, as plain JSON values: "needed" (indices of the
            images without which the question has no answer), "difficulty" (1 easy, 2, 3 hard), "distractors", the
            gold program or counts. Empty for real data.
    """

    id: str
    task: str
    question: str
    answer: str
    images: tuple[str, ...]
    choices: tuple[str, ...] = ()
    cluster: str = ""
    text_question: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class QuestionSplit:
    """The questions of a benchmark, resolved from the user's copy or made by a generator.

    Attributes:
        name, version, licence, credentialed, options, warnings: as for `data_splits.split.Split`.
        questions: sorted by (task in the order of the benchmark, id).
        read_image: image key -> RGB pixels.
        image_hashes: image key -> sha256 of the encoded file or of the rendered pixels, for every image of the split.
        stand_ins: tasks that merely stand in for the published one and are never compared with published numbers.
    """

    name: str
    version: str
    licence: str
    credentialed: bool
    questions: tuple[Question, ...]
    read_image: Callable[[str], ColourImage]
    image_hashes: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    stand_ins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        counts = Counter(question.id for question in self.questions)
        repeated = sorted(name for name, count in counts.items() if count > 1)
        if repeated:
            raise UserError(f"{len(repeated)} question id(s) of {self.name} stand twice, such as {repeated[0]}.")

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that have questions, in the order of the split."""
        return tuple(dict.fromkeys(question.task for question in self.questions))

    def of(self, task: str) -> tuple[Question, ...]:
        """The questions of a task."""
        return tuple(question for question in self.questions if question.task == task)

    @cached_property
    def hash(self) -> str:
        """sha256 over everything that is asked: two runs with this hash put the same questions."""
        asked = [
            [
                question.id,
                question.task,
                question.question,
                question.answer,
                [self.image_hashes.get(key, key) for key in question.images],
                question.text_question,
            ]
            for question in self.questions
        ]
        return content_hash([self.name, self.version, dict(self.options), asked])

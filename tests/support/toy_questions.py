"""A split of questions small enough to reason about: image "k" is 8 x 8 pixels of one colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data_splits.question import Question, QuestionSplit
from model_adapters.protocols import AnswerRequest


def toy_questions(answers: dict[str, Sequence[str]], credentialed: bool = False) -> QuestionSplit:
    """One question per gold answer, two images each."""
    questions = tuple(
        Question(f"{task}-{index:03d}", task, f"What is shown in item {index}?", answer, (f"{index}", f"{index + 1}"))
        for task, golds in answers.items()
        for index, answer in enumerate(golds)
    )

    def read_image(key: str) -> np.ndarray:
        return np.full((8, 8, 3), (int(key) % 256, 0, 255 - int(key) % 256), np.uint8)

    return QuestionSplit("toy-questions", "1", "CC0", credentialed, questions, read_image)


def requests_of(split: QuestionSplit, letters: tuple[str, ...] = (), max_new_tokens: int = 8) -> list[AnswerRequest]:
    """The questions as requests: text, image, text, image, question."""
    return [
        AnswerRequest(
            each.id,
            each.task,
            ("Image 1: ", split.read_image(each.images[0]), "\nImage 2: ", split.read_image(each.images[1]),
             "\n" + each.question),
            letters,
            max_new_tokens,
        )
        for each in split.questions
    ]  # fmt: skip

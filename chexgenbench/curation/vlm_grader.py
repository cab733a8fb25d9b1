"""A vision-language model as grader: it sees the image and reads the prompt that the image was drawn from.

The published set (SynthCheX-75K) kept what a model graded High or Medium. The script first used for it never put the
caption into the query, so it graded how images look, not what they show. Here the caption is part of every question,
and a question without it cannot be asked. The wording is ours: the published one is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chexgenbench.curation.candidates import Candidate
from chexgenbench.curation.grades import GRADES, Graded
from data_splits.errors import UserError
from data_splits.integrity import content_hash
from data_splits.split import Split
from model_adapters.protocols import AnswerRefused, AnswerRequest, VisionLanguageModel

QUESTION = (
    "This is a synthetic chest radiograph. It was made from the following caption.\n"
    "Caption: {caption}\n"
    "Grade it: High if it looks like a real radiograph and shows what the caption says; Medium if it has small flaws "
    "or misses a detail; Low if it looks unreal or contradicts the caption.\n"
    "Answer with one word: High, Medium or Low."
)

MAX_TOKENS = 16

_WORD = re.compile(r"\b(high|medium|low)\b", re.IGNORECASE)


class VlmGrader:
    """A `Grader`.

    Args:
        vlm: the adapter. name: its registry name.
        split: whose prompts and images it will see.

    Raises:
        UserError: the split is credentialed and the model is a service that may run elsewhere.
    """

    def __init__(self, vlm: VisionLanguageModel, name: str, split: Split) -> None:
        if split.credentialed and hasattr(vlm, "check_questions"):
            raise UserError(
                f"{name} may send images and prompts to a service; split {split.name} is credentialed. "
                "Use a grader that runs here."
            )
        self.name = name
        self.card: Mapping[str, Any] = vlm.card.model_dump(mode="json")
        self.fingerprint = content_hash(["vlm", QUESTION, MAX_TOKENS, self.card])
        self._vlm = vlm

    def grade(self, candidates: Sequence[Candidate]) -> list[Graded]:
        """Ask; where a batch holds a question that the model refuses, ask one by one."""
        requests = [question(each) for each in candidates]
        try:
            return [read(response.text) for response in self._vlm.answer(requests)]
        except AnswerRefused:
            return [self._alone(request) for request in requests]

    def _alone(self, request: AnswerRequest) -> Graded:
        try:
            return read(self._vlm.answer([request])[0].text)
        except AnswerRefused:
            return Graded(None, reason="refused")


def question(candidate: Candidate) -> AnswerRequest:
    """The question about one image.

    Raises:
        ValueError: it has no prompt.
    """
    caption = (candidate.case.prompt or "").strip()
    if not caption:
        raise ValueError(f"{candidate.id} has no prompt: its grade would not be about what it shows")
    pixels = np.ascontiguousarray(candidate.load())
    return AnswerRequest(
        candidate.id, "curate", (pixels, "\n" + QUESTION.format(caption=caption)), max_new_tokens=MAX_TOKENS
    )


def read(answer: str) -> Graded:
    """The grade of an answer: the one grade word in it. None or several different ones are no grade."""
    words = {word.lower() for word in _WORD.findall(answer)}
    for grade in GRADES:
        if words == {grade}:
            return Graded(grade)
    return Graded(None, reason="ambiguous" if words else "unparsed")

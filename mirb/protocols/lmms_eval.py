"""lmms-eval, as that harness asks and scores MIRB, to compare with numbers made by it (a micro average)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_splits.question import Question
from mirb.protocols.base import Protocol
from mirb.scorers import lmms_eval as scorer
from mirb.tasks import Task


def parts(question: Question, task: Task, images: Sequence[Any]) -> tuple[Any, ...]:
    """All images, then instruction and question with nothing between them."""
    return (*images, f"{task.instruction}{question.question}")


PROTOCOL = Protocol(
    name="lmms-eval",
    summary="as lmms-eval asks and scores: 64 tokens, its parsers, share of all questions",
    prompt="<image><image>...instructionquestion",
    parts=parts,
    max_new_tokens=64,
    letters=(),
    scorer=scorer.SCORER,
    average="micro",
    quirks=(
        "Instruction and question are joined without a separator ('...single word.What is...').",
        "The headline is the share of all questions, not the mean of categories: 3.5 to 5 points higher for a typical "
        "open model.",
        "Letters: the letter alone, or with a full stop at the start. 'b', '(B)' and 'The answer is B' are wrong.",
        "Texts are right if they contain the gold answer: 'cannot' holds 'no', 'eyes' holds 'yes'.",
        "Answers are cut behind 'is ', also inside words: 'Attention is all you need' is 'all you need'.",
    ),
    not_imitated=("Model-specific pre- and post-prompts of its YAML files.",),
)

"""v2, the default: one prompt for every model, room to answer, robust reading, three outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_splits.question import Question
from mirb.protocols.base import Protocol
from mirb.scorers import v2 as scorer
from mirb.tasks import Task
from model_adapters.inference.prompts import V2_MAX_NEW_TOKENS, v2_parts


def parts(question: Question, task: Task, images: Sequence[Any]) -> tuple[Any, ...]:
    """Numbered images, the question, the instruction."""
    return v2_parts(question, images)


PROTOCOL = Protocol(
    name="v2",
    summary="one prompt for every model, 256 tokens, robust reading with three outcomes, mean of category means",
    prompt="Image 1: <image>\\nImage 2: <image>\\n...question\\ninstruction",
    parts=parts,
    max_new_tokens=V2_MAX_NEW_TOKENS,
    letters=(),
    scorer=scorer.SCORER,
    average="macro",
)

"""official, as published (arXiv 2406.12742 and its repository, commit 04c35b9), to compare with published numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_splits.question import Question
from mirb.protocols.base import Protocol
from mirb.scorers import official as scorer
from mirb.tasks import Task


def parts(question: Question, task: Task, images: Sequence[Any]) -> tuple[Any, ...]:
    """Instruction and line break, then all images, then the question."""
    return (f"{task.instruction}\n", *images, question.question)


PROTOCOL = Protocol(
    name="official",
    summary="as published: letters by next-token probability, 15 tokens, published rules, mean of category means",
    prompt="instruction\\n<image><image>...question",
    parts=parts,
    max_new_tokens=15,
    letters=("A", "B", "C", "D", "E"),
    scorer=scorer.SCORER,
    average="macro",
    quirks=(
        "food, codeu and image_jigsaw: the most probable of the letters A to E as the next token. Such an answer can "
        "never be unparsed, and it can be an option that does not exist. A model that tells no probabilities (a hosted "
        "one, as GPT-4V in the paper) is asked for text instead: the two are not comparable.",
        "15 new tokens: too few for many paper titles and for any working.",
        "An answer is cut at its first line break or full stop: '3.5' is 3, 'St. Petersburg' is St.",
        "Numbers: the first run of digits, without sign: 'c = 21 + 8 = 29' is 21.",
        "Yes/no: whatever does not hold the letters 'yes' is a no, also silence and refusals; 'eyes' is a yes.",
        "Titles must be equal letter by letter, except for case.",
    ),
    not_imitated=(
        "LLaVA got '\\nAnswer:' at the end, a line break after each image and a centre crop; VILA and others did not.",
        "Qwen-VL-Chat got a raw prompt without its chat template; Emu2 a stray bracket; LongVA the images as a video.",
        "Phi-3-vision got instruction and question as two turns; IDEFICS-1 its own dialogue format.",
        "GPT-4V saw images at low detail and was asked to 'only contain the answer'.",
        "XComposer2.5 had no token cap.",
    ),
)

"""The v2 prompt of MIRB, the same for every model: benchmark, ablations and training all build it here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from data_splits.question import Question

Picture = TypeVar("Picture")
"""Pixels, or a reference to an image that is loaded later."""

LETTER = "Answer with the option symbol."
WORD = "Answer with a single word."
NUMBER = "Answer with a single number."

INSTRUCTIONS: dict[str, str] = {
    "food": LETTER,
    "sightseeing": WORD,
    "codeu": LETTER,
    "plot_code": WORD,
    "analogy": WORD,
    "3d_scene": NUMBER,
    "image_jigsaw": LETTER,
    "count": NUMBER,
    "attribute": WORD,
    "visual_chain": WORD,
    "arxiv": "Answer with the paper title.",
    "chest_pair": LETTER,
}
"""Task -> what form the answer takes: the published instructions (MIRB's `get_task_instruction`), except that the one
of 3d_scene leaves out its first sentence, which describes the images and not the answer."""

DEFAULT_INSTRUCTION = "Answer briefly."
"""For a task without an instruction of its own."""

V2_MAX_NEW_TOKENS = 256


def instruction(task: str) -> str:
    """The v2 instruction of a task."""
    return INSTRUCTIONS.get(task, DEFAULT_INSTRUCTION)


def v2_parts(question: Question, images: Sequence[Picture]) -> tuple[str | Picture, ...]:
    """The parts of a v2 request: numbered images in order, then the question, then the instruction, each on a line.

    With images: ("Image 1: ", image 1, "\\nImage 2: ", image 2, ..., "\\n" + question + "\\n" + instruction).
    Without: (question + "\\n" + instruction,).

    Args:
        question: its text and task are used, nothing else.
        images: `question.images` in order, as pixels or as references, or what an ablation puts in their place.
    """
    text = f"{question.question}\n{instruction(question.task)}"
    if not images:
        return (text,)
    parts: list[str | Picture] = []
    for number, image in enumerate(images, start=1):
        parts += [f"Image {number}: " if number == 1 else f"\nImage {number}: ", image]
    return (*parts, "\n" + text)

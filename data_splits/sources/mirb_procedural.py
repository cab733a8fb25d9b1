"""The embedded multi-image questions: generated from a seed, or read back from a built folder."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.mirb_procedural.item import LEVELS, VERSION
from data_splits.mirb_procedural.tasks import (
    MODULES,
    STAND_INS,
    Images,
    PixelHashes,
    ask_for,
    make,
    question_id,
    to_question,
)
from data_splits.question import Question, QuestionSplit

NAME = "mirb-procedural"
LICENCE = "Apache-2.0 (made by this program)"


def load(
    path: Path | None = None,
    *,
    seed: int = 7,
    per_task: int = 50,
    tasks: str | None = None,
    difficulty: int | None = None,
) -> QuestionSplit:
    """Generated questions; texts are drawn at once, images when they are read.

    Args:
        path: not used yet.
        seed: names the questions; another seed gives others.
        per_task: questions of each task. The first ones of a larger split are those of a smaller one.
        tasks: task names with commas between them; all eleven where None.
        difficulty: 1, 2 or 3; the three levels in equal parts where None.

    Raises:
        UserError: an option is out of range; a task is unknown.
    """
    if path is not None:
        raise UserError(f"Split {NAME} cannot read {path} yet.")
    if per_task < 1:
        raise UserError(f"Option per_task of split {NAME} must be 1 or more, not {per_task}.")
    if seed < 0:
        raise UserError(f"Option seed of split {NAME} must be 0 or more, not {seed}.")
    if difficulty is not None and difficulty not in LEVELS:
        raise UserError(f"Option difficulty of split {NAME} must be 1, 2 or 3, not {difficulty}.")
    chosen = task_names(tasks)
    questions: list[Question] = []
    scenes: dict[str, tuple[str, Any]] = {}
    for task in chosen:
        for index in range(per_task):
            ask = ask_for(seed, task, index, difficulty)
            item = make(ask)
            question = to_question(question_id(seed, task, index, difficulty), ask, item)
            questions.append(question)
            scenes.update((key, (task, scene)) for key, scene in zip(question.images, item.scenes, strict=True))
    images = Images(scenes)
    options: dict[str, object] = {"seed": seed, "per_task": per_task}
    if len(chosen) < len(MODULES):
        options["tasks"] = ",".join(chosen)
    if difficulty is not None:
        options["difficulty"] = difficulty
    return QuestionSplit(
        name=NAME,
        version=VERSION,
        licence=LICENCE,
        credentialed=False,
        questions=tuple(questions),
        read_image=images.read,
        image_hashes=PixelHashes(images, tuple(scenes)),
        options=options,
        stand_ins=tuple(task for task in STAND_INS if task in chosen),
    )


def task_names(text: str | None) -> tuple[str, ...]:
    """The tasks of a comma list, in MIRB's order.

    Raises:
        UserError: a name is unknown.
    """
    if text is None:
        return tuple(MODULES)
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    for name in wanted:
        if name not in MODULES:
            near = difflib.get_close_matches(name, MODULES, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(MODULES)}."
            raise UserError(f"No task is called {name!r}. {hint}")
    if not wanted:
        raise UserError(f"Option tasks is empty. Known: {', '.join(MODULES)}.")
    return tuple(name for name in MODULES if name in wanted)

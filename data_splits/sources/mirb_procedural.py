"""The embedded multi-image questions: generated from a seed, or read back from a built folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.lazy_hashes import LazyHashes
from data_splits.mirb_procedural.folder import read_folder
from data_splits.mirb_procedural.item import LEVELS, VERSION
from data_splits.mirb_procedural.tasks import (
    MODULES,
    STAND_INS,
    Images,
    ask_for,
    make,
    pixel_hash,
    question_id,
    to_question,
)
from data_splits.question import Question, QuestionSplit
from data_splits.sources.mirb_answers import chosen_tasks

NAME = "mirb-procedural"
DEFAULT_SEED, DEFAULT_PER_TASK = 7, 50
LARGEST_SEED = 2**63 - 1
"""What the JSON of a manifest or a record can hold everywhere."""
LICENCE = "Apache-2.0 (made by this program)"


def load(
    path: Path | None = None,
    *,
    seed: int = DEFAULT_SEED,
    per_task: int = DEFAULT_PER_TASK,
    tasks: str | None = None,
    difficulty: int | None = None,
) -> QuestionSplit:
    """Generated questions; texts are drawn at once (about 2 ms a question), images when they are read.

    Args:
        path: a folder that `data-splits build mirb-procedural` wrote: its questions instead of new ones. Of the
            options, `tasks` still selects.
        seed: names the questions; another seed gives others.
        per_task: questions of each task. The first ones of a larger split are those of a smaller one.
        tasks: task names with commas between them; all eleven where None.
        difficulty: 1, 2 or 3; the three levels in equal parts where None.

    Raises:
        UserError: an option is out of range; a task is unknown; the folder is not what was built.
    """
    if per_task < 1:
        raise UserError(f"Option per_task of split {NAME} must be 1 or more, not {per_task}.")
    if not 0 <= seed <= LARGEST_SEED:
        raise UserError(f"Option seed of split {NAME} must be 0 or more, and less than 2^63, not {seed}.")
    if difficulty is not None and difficulty not in LEVELS:
        raise UserError(f"Option difficulty of split {NAME} must be 1, 2 or 3, not {difficulty}.")
    chosen = chosen_tasks(tasks)
    if path is not None:
        if (seed, per_task, difficulty) != (DEFAULT_SEED, DEFAULT_PER_TASK, None):
            raise UserError(
                f"{path} was built already: seed, per_task and difficulty go with `build`, not with a folder."
            )
        return selected(read_folder(path), chosen)
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
        image_hashes=LazyHashes(scenes, lambda key: pixel_hash(images.read(key))),
        options=options,
        stand_ins=tuple(task for task in STAND_INS if task in chosen),
    )


def selected(split: QuestionSplit, tasks: tuple[str, ...]) -> QuestionSplit:
    """The questions of some tasks.

    Raises:
        UserError: the split has none of them.
    """
    if set(split.tasks) <= set(tasks):
        return split
    questions = tuple(question for question in split.questions if question.task in tasks)
    if not questions:
        raise UserError(f"Split {split.name} has no questions of {', '.join(tasks)}; it has {', '.join(split.tasks)}.")
    return replace(
        split,
        questions=questions,
        options={**split.options, "tasks": ",".join(task for task in split.tasks if task in tasks)},
        stand_ins=tuple(task for task in split.stand_ins if task in tasks),
    )

"""What a run will do, resolved before anything heavy starts: split, protocol and questions."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from data_splits.errors import UserError
from data_splits.question import Question, QuestionSplit
from data_splits.sources import load_questions
from mirb import protocols
from mirb.protocols import Protocol
from mirb.run_folder import RunConfig, RunFolder
from mirb.tasks import EXTRA_TASKS, TASKS, Task, find

PROCEDURAL = "mirb-procedural"
QUICK_PER_TASK = 20
"""Questions of each task of a procedural split, unless the user asks for another number: minutes on two cores."""


@dataclass(frozen=True)
class Plan:
    """A resolved run.

    Attributes:
        split: cut to the questions asked. tasks: those that have questions, in the order of the benchmark.
    """

    config: RunConfig
    protocol: Protocol
    split: QuestionSplit
    tasks: tuple[Task, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions asked."""
        return self.split.questions


def config_of(folder: RunFolder) -> RunConfig:
    """The configuration of a run that is there already.

    Raises:
        UserError: the folder is no run, or the data it was asked about are not where they were.
    """
    config = folder.config()
    place = config.split.partition(":")[2]
    if place and not Path(place).expanduser().exists():
        raise UserError(
            f"{folder.root} was asked about {place}, which is not there. Give its new place to the same `mirb eval` "
            f"(--split NAME:PATH --output {folder.root}): nothing is asked twice."
        )
    return config


def load(config: RunConfig) -> QuestionSplit:
    """The split of a configuration, uncut.

    Raises:
        UserError: unknown split or option, or missing data.
    """
    options: dict[str, object] = dict(config.split_options)
    if config.split.partition(":")[0].strip().lower().replace("_", "-") == PROCEDURAL and ":" not in config.split:
        options.setdefault("seed", config.seed)
        options.setdefault("per_task", QUICK_PER_TASK)
    return load_questions(config.split, **options)


def resolve(config: RunConfig, split: QuestionSplit | None = None) -> Plan:
    """Choose the questions of a split, which is loaded unless it is given.

    Raises:
        UserError: the split cannot be loaded, or an unknown or absent task was asked for.
    """
    protocol = protocols.load(config.protocol)
    wanted = None if config.tasks is None else {find(name).name for name in config.tasks}
    if wanted is not None and not wanted:
        raise UserError("--tasks names no task. `mirb tasks` lists them.")
    split = split or load(config)
    unknown = sorted({each.task for each in split.questions} - {task.name for task in (*TASKS, *EXTRA_TASKS)})
    if unknown:
        raise UserError(f"{split.name} holds questions of unknown tasks: {', '.join(unknown)}.")
    if wanted is not None:
        absent = sorted(wanted - set(split.tasks))
        if absent:
            raise UserError(f"{split.name} has no questions of {', '.join(absent)}; it has {', '.join(split.tasks)}.")
    questions = [each for each in split.questions if wanted is None or each.task in wanted]
    questions = limited(questions, config.limit)
    if not questions:
        raise UserError(f"{split.name} has no questions.")
    cut = replace(
        split, questions=tuple(questions), stand_ins=tuple(t for t in split.stand_ins if not wanted or t in wanted)
    )
    present = {each.task for each in questions}
    tasks = tuple(task for task in (*TASKS, *EXTRA_TASKS) if task.name in present)
    return Plan(config, protocol, cut, tasks)


def limited(questions: list[Question], limit: int | None) -> list[Question]:
    """At most `limit` questions of each task, in the order given.

    Which ones follows from their ids alone, so that two models are always asked the same, and a larger limit holds
    every question of a smaller one.
    """
    if limit is None:
        return questions
    names: dict[str, list[str]] = defaultdict(list)
    for each in questions:
        names[each.task].append(each.id)
    kept = {name for task in names.values() for name in sorted(task, key=_order)[:limit]}
    return [each for each in questions if each.id in kept]


def _order(name: str) -> bytes:
    return hashlib.sha256(f"mirb/limit/{name}".encode()).digest()

"""The stored answers of one run under every scorer that can read them: how much of a score is the scorer.

This is the one table in which numbers of several protocols stand side by side, because their disagreement is its
subject. The answers are those that one protocol's prompt drew, so a column is not that protocol's result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data_splits.question import Question
from mirb.protocols import PROTOCOLS
from mirb.scorers import Given, Scorer, Verdict
from mirb.scores import weights_of
from mirb.tasks import Task, find
from model_adapters.inference.response_store import ResponseRow

Verdicts = dict[str, Verdict]
"""Question id -> verdict."""


def judged(questions: Sequence[Question], rows: Mapping[str, ResponseRow], scorer: Scorer) -> Verdicts:
    """Verdicts of a scorer on every question that has an outcome which it can read."""
    found: Verdicts = {}
    for each in questions:
        row = rows.get(each.id)
        if row is not None and scorer.applies(given := Given.of(row)):
            found[each.id] = scorer.judge(each, find(each.task), given)
    return found


@dataclass(frozen=True, slots=True)
class Rescored:
    """One scorer's view of the answers.

    Attributes:
        scorer: its name, which is that of its protocol. average: how its protocol averages all questions.
        tasks: task -> share right; None where it cannot read the task's answers.
        overall: of its own average; None where a task is missing.
        unparsed: share of answers it cannot read; None where it knows no such outcome.
        changed: answers on which it and the run's own scorer disagree about being right, of `compared`.
        compared: answers both can read.
    """

    scorer: str
    average: str
    tasks: dict[str, float | None]
    overall: float | None
    unparsed: float | None
    changed: int
    compared: int


def disagreement(
    questions: Sequence[Question], tasks: Sequence[Task], rows: Mapping[str, ResponseRow], own: str
) -> list[Rescored]:
    """Every protocol's scorer on the same answers, the run's own first."""
    order = [own, *(name for name in PROTOCOLS if name != own)]
    verdicts = {name: judged(questions, rows, PROTOCOLS[name].scorer) for name in order}
    answered = [each for each in questions if each.id in rows]
    return [_view(name, answered, tasks, verdicts[name], verdicts[own]) for name in order]


def _view(name: str, questions: Sequence[Question], tasks: Sequence[Task], mine: Verdicts, own: Verdicts) -> Rescored:
    protocol = PROTOCOLS[name]
    shares: dict[str, float | None] = {}
    for task in tasks:
        members = [each.id for each in questions if each.task == task.name]
        readable = bool(members) and all(member in mine for member in members)
        shares[task.name] = sum(mine[member].correct for member in members) / len(members) if readable else None
    scored = [task for task in tasks if task.category != "extra"]
    counts = {task.name: sum(each.task == task.name for each in questions) for task in scored}
    overall = None
    if scored and all(shares[task.name] is not None for task in scored):
        weights = weights_of(scored, counts, protocol.average)
        overall = float(sum(w * (shares[task.name] or 0.0) for w, task in zip(weights, scored, strict=True)))
    both = [each for each in mine if each in own]
    return Rescored(
        scorer=name,
        average=protocol.average,
        tasks=shares,
        overall=overall,
        unparsed=sum(v.outcome == "unparsed" for v in mine.values()) / len(mine)
        if protocol.scorer.three_outcomes and mine
        else None,
        changed=sum(mine[each].correct != own[each].correct for each in both),
        compared=len(both),
    )

"""What became of every variant: right or not, and whether the answer moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from data_splits.errors import UserError
from data_splits.question import Question
from mirb import chance
from mirb.ablations.asking import Answers, Case
from mirb.ablations.base import label_of, position_of
from mirb.plan import Plan
from mirb.scorers import Given, Verdict
from mirb.tasks import find
from model_adapters.inference.response_store import ResponseRow


@dataclass(frozen=True)
class Judged:
    """A variant beside its original.

    Attributes:
        right: the variant's answer, against the variant's gold answer. before: the original's.
        flipped: the answer is another one, in terms of the original order. again: the original asked a second time
            gave another one; None where it was not asked.
        position: the option chosen in the variant, from 0. first: in the original. None where none was.
        blind: an image that the question is known to need cannot be seen; None where nothing tells what it needs.
    """

    case: Case
    right: bool
    before: bool
    flipped: bool
    again: bool | None
    position: int | None
    first: int | None
    blind: bool | None

    @property
    def question(self) -> Question:
        return self.case.question

    @property
    def ablation(self) -> str:
        return self.case.ablation.name


def judge_all(answers: Answers) -> list[Judged]:
    """Every variant whose original has an outcome too, in the order asked.

    Raises:
        UserError: the protocol's scorer cannot read an answer.
    """
    plan = answers.asked.plan
    before: dict[str, tuple[Verdict, str]] = {}
    again: dict[str, bool] = {}
    for question in plan.questions:
        row = answers.rows.get(question.id)
        if row is None:
            continue
        verdict = _verdict(plan, question, row)
        before[question.id] = verdict, label_of(question, find(question.task), verdict)
        if (second := answers.again.get(question.id)) is not None:
            label = label_of(question, find(question.task), _verdict(plan, question, second))
            again[question.id] = label != before[question.id][1]
    found = []
    for case, row in answers.cases:
        name = case.question.id
        if name not in before:
            continue
        task, put = find(case.question.task), case.variant.question
        verdict = _verdict(plan, put, row)
        label = label_of(put, task, verdict)
        needed = case.question.evidence.get("needed")
        found.append(
            Judged(
                case=case,
                right=verdict.correct,
                before=before[name][0].correct,
                flipped=case.variant.back.get(label, label) != before[name][1],
                again=again.get(name),
                position=position_of(put, task, verdict),
                first=position_of(case.question, task, before[name][0]),
                blind=None if needed is None else bool(case.variant.missing & {int(index) for index in needed}),
            )
        )
    return found


def _verdict(plan: Plan, question: Question, row: ResponseRow) -> Verdict:
    given = Given.of(row)
    scorer = plan.protocol.scorer
    if not scorer.applies(given):
        raise UserError(f"{plan.protocol.name} cannot read answers that are letters by probability.")
    return scorer.judge(question, find(question.task), given)


def constants(plan: Plan, questions: Sequence[Question]) -> dict[str, bool]:
    """Question id -> whether the best constant answer to its task is right there."""
    by_task: dict[str, list[Question]] = defaultdict(list)
    for each in questions:
        by_task[each.task].append(each)
    found: dict[str, bool] = {}
    for task, members in by_task.items():
        found |= chance.best_constant(members, find(task), plan.protocol.scorer)
    return found

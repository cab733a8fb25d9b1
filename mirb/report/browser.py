"""The failure browser: questions with images, answer, gold answer and how the answer was read."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data_splits.errors import ImageUnreadable
from data_splits.question import Question
from mirb.plan import Plan
from mirb.protocols import PROTOCOLS
from mirb.report.thumbnails import thumbnail, uri
from mirb.rescoring import Verdicts, judged
from model_adapters.inference.response_store import ResponseRow

PER_TASK = 12
"""Questions of a task on the page: what went wrong first, and at least CORRECT right ones to compare with."""
CORRECT = 4
IMAGES = 6
"""Images shown of one question; a paper has up to 42 pages."""
BUDGET = 6_000_000
"""Bytes of images on one page, the same for each task; beyond it, questions are shown without theirs."""
LONGEST = 700
"""Characters shown of a text."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A question on the page.

    Attributes:
        outcome: of the run's own scorer. images: data URIs. hidden: images that are not shown.
        read: what was read, or "". rule, matched, trace: see Verdict. others: scorer -> outcome, of the other scorers.
        tags: words that the filter "state" finds: "truncated", "refused", "disputed" (scorers disagree).
    """

    id: str
    task: str
    outcome: str
    question: str
    gold: str
    answer: str
    read: str
    rule: str
    matched: str
    trace: tuple[str, ...]
    others: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]
    images: tuple[str, ...]
    hidden: int


def browse(plan: Plan, rows: Mapping[str, ResponseRow]) -> tuple[list[Shown], int]:
    """The questions to show, task by task, and how many there are in all."""
    verdicts = {name: judged(plan.questions, rows, protocol.scorer) for name, protocol in PROTOCOLS.items()}
    own = verdicts[plan.protocol.name]
    answered = [each for each in plan.questions if each.id in own]
    left = dict.fromkeys(plan.split.tasks, BUDGET // len(plan.split.tasks))
    shown = []
    for each in choose(answered, own):
        images, hidden, used = _images(plan, each, left[each.task])
        left[each.task] -= used
        shown.append(_shown(each, rows[each.id], plan.protocol.name, verdicts, images, hidden))
    return shown, len(answered)


def choose(questions: Sequence[Question], verdicts: Verdicts) -> list[Question]:
    """At most PER_TASK of each task: wrong and unparsed ones first, each sort in an order that follows from the id."""
    by_task: dict[str, list[Question]] = defaultdict(list)
    for each in questions:
        by_task[each.task].append(each)
    chosen = []
    for members in by_task.values():
        order = sorted(members, key=lambda each: hashlib.sha256(f"browse/{each.id}".encode()).digest())
        right = [each for each in order if verdicts[each.id].correct]
        rest = [each for each in order if not verdicts[each.id].correct]
        few = right[: max(CORRECT, PER_TASK - len(rest))]
        keep = {each.id for each in (*rest[: PER_TASK - len(few)], *few)}
        chosen += sorted(
            (each for each in members if each.id in keep), key=lambda each: verdicts[each.id].outcome == "correct"
        )
    return chosen


def _shown(
    question: Question,
    row: ResponseRow,
    own: str,
    verdicts: Mapping[str, Verdicts],
    images: tuple[str, ...],
    hidden: int,
) -> Shown:
    verdict = verdicts[own][question.id]
    others = tuple(
        (name, found[question.id].outcome) for name, found in verdicts.items() if name != own and question.id in found
    )
    tags = []
    if row.truncated:
        tags.append("truncated")
    if row.status == "refused":
        tags.append("refused")
    if any((outcome == "correct") != verdict.correct for _, outcome in others):
        tags.append("disputed")
    answer = row.text if not row.letter_logits else _letters(row)
    return Shown(
        id=question.id,
        task=question.task,
        outcome=verdict.outcome,
        question=_cut(question.question),
        gold=_cut(question.answer),
        answer=_cut(answer) if row.status == "ok" else f"(the model declined: {row.reason})",
        read=_cut(verdict.answer or ""),
        rule=verdict.rule,
        matched=_cut(verdict.matched) if verdict.matched != verdict.answer else "",
        trace=verdict.trace,
        others=others,
        tags=tuple(tags),
        images=images,
        hidden=hidden,
    )


def _images(plan: Plan, question: Question, left: int) -> tuple[tuple[str, ...], int, int]:
    """Data URIs, images not shown, bytes used."""
    found: list[str] = []
    used = 0
    for key in question.images[:IMAGES]:
        if used >= left:
            break
        try:
            encoded = thumbnail(plan.split.read_image(key))
        except (ImageUnreadable, FileNotFoundError):
            continue
        found.append(uri(encoded))
        used += len(found[-1])
    return tuple(found), len(question.images) - len(found), used


def _letters(row: ResponseRow) -> str:
    ranked = sorted(row.letter_logits.items(), key=lambda item: -item[1])
    return "letters by logit: " + ", ".join(f"{name} {value:.2f}" for name, value in ranked)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."

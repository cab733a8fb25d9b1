"""What a reader of a record must know before believing it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mirb.plan import PROCEDURAL, Plan
from mirb.scores import Scored
from mirb.tasks import CATEGORIES, TASKS
from model_adapters.inference.response_store import ResponseRow

MANY = 0.05
"""Shares of unparsed, refused or cut-off answers from which a reader is warned."""


def warnings_of(
    plan: Plan,
    model: Mapping[str, Any],
    scored: Sequence[Scored],
    rows: Mapping[str, ResponseRow],
    absent: int,
) -> list[str]:
    """Warnings in a fixed order: split, coverage, contamination, answers, protocol."""
    found = list(plan.split.warnings)
    found += _coverage(plan)
    found += _contamination(plan, model)
    found += _answers(scored, rows, absent)
    if plan.protocol.name != "v2":
        found.append(
            f"Protocol {plan.protocol.name} repeats published choices, quirks included: compare with numbers made the "
            "same way only."
        )
    return found


def _coverage(plan: Plan) -> list[str]:
    found = []
    present = {task.name for task in plan.tasks}
    lacking = [task.name for task in TASKS if task.name not in present]
    if lacking and len(lacking) < len(TASKS):
        found.append(
            f"{len(TASKS) - len(lacking)} of MIRB's {len(TASKS)} tasks: the overall value is not the MIRB score. "
            f"Without {', '.join(lacking)}."
        )
    categories = {task.category for task in plan.tasks}
    if lacking and any(category not in categories for category in CATEGORIES):
        found.append(
            f"Categories without questions: {', '.join(name for name in CATEGORIES if name not in categories)}."
        )
    if plan.split.name == PROCEDURAL:
        found.append("Generated questions, not the published ones: never compare these numbers with published ones.")
    if plan.split.stand_ins:
        names = ", ".join(plan.split.stand_ins)
        found.append(f"{names}: a stand-in that only resembles the published task.")
    if plan.config.limit is not None:
        found.append(f"At most {plan.config.limit} questions of each task were asked.")
    return found


def _contamination(plan: Plan, model: Mapping[str, Any]) -> list[str]:
    """The model card names the data that its weights have seen."""
    seen = {str(name).lower() for name in model.get("training_data") or ()}
    name = plan.split.name.lower()
    if name == PROCEDURAL:
        return (
            ["The model was trained on generated questions of the same kind (other seeds); see its card."]
            if any(PROCEDURAL in each for each in seen)
            else []
        )
    if any(each == name or each.startswith(f"{name}/") for each in seen):
        return [f"The model was trained on {plan.split.name}: its score says nothing about new questions."]
    return []


def _answers(scored: Sequence[Scored], rows: Mapping[str, ResponseRow], absent: int) -> list[str]:
    found = []
    total = len(scored)
    refused = sum(row.status == "refused" for row in rows.values())
    unparsed = sum(each.verdict.outcome == "unparsed" for each in scored)
    cut = sum(each.truncated for each in scored)
    if absent:
        found.append(f"{absent} question(s) have no answer (unreadable images or errors) and enter no score.")
    if refused:
        found.append(f"The model declined {refused} of {total} questions; they count as not right.")
    if unparsed > MANY * total:
        found.append(
            f"{unparsed} of {total} answers could not be read as an answer: the score lies between its value and "
            "accuracy_if_unparsed_right."
        )
    if cut > MANY * total:
        found.append(f"{cut} of {total} answers were cut off at the token cap.")
    return found

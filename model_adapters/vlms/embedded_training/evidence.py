"""What the generator's evidence says of each single image: an extra target for the projector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from data_splits.question import Question

Target = dict[str, str]


def _count(evidence: Mapping[str, Any]) -> list[Target]:
    return [{"count": str(count)} for count in evidence["counts"]]


def _attribute(evidence: Mapping[str, Any]) -> list[Target]:
    asked = evidence["attribute"]
    return [{asked: str(values[asked])} for values in evidence["values"]]


def _analogy(evidence: Mapping[str, Any]) -> list[Target]:
    names = ("shape", "turn", "number", "size", "fill", "night")
    return [{name: str(scene[name]) for name in names} for scene in evidence["scenes"]]


_BY_TASK: dict[str, Callable[[Mapping[str, Any]], list[Target]]] = {
    "count": _count,
    "attribute": _attribute,
    "analogy": _analogy,
}


def targets_of(question: Question) -> list[Target]:
    """Per image, name -> value; empty where the task's evidence says nothing of single images."""
    make = _BY_TASK.get(question.task)
    found = make(question.evidence) if make else [{} for _ in question.images]
    return [{f"{question.task}/{name}": value for name, value in each.items()} for each in found]

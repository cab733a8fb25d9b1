"""Grades, and what a grader is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from chexgenbench.curation.candidates import Candidate

Grade = Literal["high", "medium", "low"]
GRADES: tuple[Grade, ...] = ("high", "medium", "low")


@dataclass(frozen=True)
class Graded:
    """What a grader says of an image.

    Attributes:
        grade: None where there is none; then `reason` says why, and the image is left out and counted.
        score: of graders that have one.
    """

    grade: Grade | None
    score: float | None = None
    reason: str | None = None


class Grader(Protocol):
    """Grades images against their prompts, each by itself.

    Attributes:
        name: for the record. card: facts about it (a model card where it is a model).
        fingerprint: sha256 over everything besides image and prompt that a grade depends on.
    """

    name: str
    fingerprint: str
    card: Mapping[str, Any]

    def grade(self, candidates: Sequence[Candidate]) -> list[Graded]:
        """One outcome an image, in order."""
        ...


@dataclass
class Tally:
    """How many got which grade."""

    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, graded: Sequence[Graded]) -> Tally:
        """Counts by grade; "none" for images without one."""
        names = [each.grade or "none" for each in graded]
        return cls({name: names.count(name) for name in (*GRADES, "none") if name in names})

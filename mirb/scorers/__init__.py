"""Scorers by name. Every scorer applies to any stored answer whose elicitation it can read, without the model."""

from __future__ import annotations

from data_splits.errors import UserError
from mirb.scorers import lmms_eval, official, v2
from mirb.scorers.base import Given, Outcome, Scorer, Verdict

__all__ = ["SCORERS", "Given", "Outcome", "Scorer", "Verdict", "find"]

SCORERS: dict[str, Scorer] = {each.name: each for each in (v2.SCORER, official.SCORER, lmms_eval.SCORER)}


def find(name: str) -> Scorer:
    """The scorer of this name.

    Raises:
        UserError: there is none.
    """
    if name not in SCORERS:
        raise UserError(f"MIRB has no scorer {name!r}. Known: {', '.join(SCORERS)}.")
    return SCORERS[name]

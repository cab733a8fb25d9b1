"""Scorers by name. Every scorer applies to any stored answer whose elicitation it can read, without the model."""

from __future__ import annotations

from mirb.scorers import lmms_eval, official, v2
from mirb.scorers.base import Given, Outcome, Scorer, Verdict

__all__ = ["SCORERS", "Given", "Outcome", "Scorer", "Verdict"]

SCORERS: dict[str, Scorer] = {each.name: each for each in (v2.SCORER, official.SCORER, lmms_eval.SCORER)}

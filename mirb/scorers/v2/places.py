"""The name of a city in an answer of any length."""

from __future__ import annotations

import re

from mirb.scorers.base import Verdict
from mirb.scorers.v2.reading import before, hedges, refuses, simple
from mirb.scorers.v2.titles import folded, place_candidates

_DENIED = re.compile(r"\b(?:not|isn t|aren t|neither|nor|never|rather than|instead of|unlike)(?: (?!but\b)\w+){0,3}$")


def judge_place(gold: str, text: str, steps: tuple[str, ...]) -> Verdict:
    """Right if the answer is the name, or names it once without denying or offering another ("Paris or Rome")."""
    wanted, whole = folded(gold), folded(text)
    if not whole:
        return Verdict("unparsed", None, "empty answer", "", steps)
    for candidate in place_candidates(text):
        if candidate == wanted:
            return Verdict("correct", gold, "place alone", candidate, steps)
    if refused := refuses(text):
        return Verdict("unparsed", None, "says that it cannot tell", refused, steps)
    found = list(re.finditer(rf"\b{re.escape(wanted)}\b", whole))
    if found:
        if re.search(rf"\b(?:or|either)\b (?:\w+ )?{re.escape(wanted)}\b|\b{re.escape(wanted)} or\b", whole) or hedges(
            text
        ):
            return Verdict("unparsed", None, "several places offered", text, steps)
        if any(_DENIED.search(before(whole, match).rstrip()) for match in found):
            return Verdict("wrong", simple(text), "place denied", text, steps)
        return Verdict("correct", gold, "place named", wanted, steps)
    return Verdict("wrong", simple(text), "another answer", text, steps)

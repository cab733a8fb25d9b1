"""The name of a city in an answer of any length."""

from __future__ import annotations

import re

from mirb.scorers.base import Verdict
from mirb.scorers.v2.reading import before, hedges, refuses, simple
from mirb.scorers.v2.titles import folded, place_candidates

_DENIED = re.compile(r"\b(?:not|isn t|aren t|neither|nor|never|rather than|instead of|unlike)(?: (?!but\b)\w+){0,3}$")

_NAME = r"[A-Z][^\s,;/&]+(?:[ ](?:(?:de|of|la|el|do)[ ])?[A-Z][^\s,;/&]+){0,3}"
_PAIR = re.compile(rf"({_NAME})\s*(?:\band\b|&|/)\s*({_NAME})")
_BETWEEN = re.compile(r"[,;/\n&]|\band\b")
_ROW = re.compile(rf"(?:{_NAME}\s*(?:[,;/\n]|(?:,\s*)?(?:and|&))\s*){{4,}}{_NAME}")


def _beside_another(gold: str, text: str) -> bool:
    """Whether the name is one of two that "and", "&" or "/" join, or in a row of five or more names.

    Fewer names with commas cannot be told from a sight, its city and its country.
    """
    groups = [pair.groups() for pair in _PAIR.finditer(text)]
    groups += [tuple(_BETWEEN.split(row[0])) for row in _ROW.finditer(text)]
    return any(folded(gold) in map(folded, names) for names in groups)


def judge_place(gold: str, text: str, steps: tuple[str, ...]) -> Verdict:
    """Right if the answer is the name, or names it without denying it or naming another ("Paris or Rome")."""
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
        if _beside_another(gold, text):
            return Verdict("unparsed", None, "several places named", text, steps)
        if any(_DENIED.search(before(whole, match).rstrip()) for match in found):
            return Verdict("wrong", simple(text), "place denied", text, steps)
        return Verdict("correct", gold, "place named", wanted, steps)
    return Verdict("wrong", simple(text), "another answer", text, steps)

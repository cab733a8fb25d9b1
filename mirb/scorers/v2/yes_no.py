"""Yes or no. Words that merely hold these letters (eyes, know, cannot) and doubts are neither."""

from __future__ import annotations

import re

from mirb.scorers.v2.reading import Reading, hedges, refuses, statements

_BOTH = re.compile(r"\b(?:yes\s*(?:/|or|and)\s*no|no\s*(?:/|or|and)\s*yes)\b", re.I)
_FRONT = re.compile(r"[\"'(]*(yes|no)\b(?!\s+(?:doubt|question\b|wonder))", re.I)
_END = re.compile(r"(?:^|[\s,:;(\"'])(yes|no)[.!\"')\s]*$", re.I)


def read_yes_no(text: str) -> Reading:
    """Read yes or no: stated ("the answer is yes"), in front ("No, they do not"), or alone at the end ("so yes")."""
    if not text:
        return Reading(None, "empty answer")
    for stated in reversed(statements(text)):
        if _BOTH.match(stated):
            return Reading(None, "both yes and no", stated)
        if found := _FRONT.match(stated):
            return Reading(found[1].lower(), "stated", stated)
    if both := _BOTH.search(text):
        return Reading(None, "both yes and no", both[0])
    front, end = _FRONT.match(text), _END.search(text)
    if front and end and front[1].lower() != end[1].lower():
        return Reading(None, "yes and no contradict each other", text)
    if front:
        return Reading(front[1].lower(), "in front", front[1])
    if refused := refuses(text) or hedges(text):
        return Reading(None, "says that it cannot tell", refused)
    if end:
        return Reading(end[1].lower(), "at the end", end[1])
    return Reading(None, "neither yes nor no")

"""What a reader finds in an answer, and the phrases that all readers know: statements of an answer, and refusals."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    Attributes:
        value: the answer in canonical form (a letter, "yes", a number, ...), or None if there is none to be read.
        rule: which rule read it, or why there is none. matched: the piece that was read.
    """

    value: str | None
    rule: str
    matched: str = ""


_STATEMENT = re.compile(
    r"\b(?:(?:final|correct|right|best|true|most\s+likely)\s+)*(?:answer|option|choice|title|city|value)\b"
    r"(?:\s+(?:to|of|for|in)\s+[^.:;=\n]{1,80}?)?"
    r"\s*(?:is\b|was\b|are\b|would\s+be\b|should\s+be\b|must\s+be\b|:|=|->|→)\s*(?:clearly|therefore|thus|:)?\s*",
    re.I,
)
_REFUSAL = re.compile(
    r"\b(?:i|we)(?:'m|\s+am|\s+are)\s+(?:sorry|unable|not\s+able|not\s+sure|unsure|uncertain)\b"
    r"|\b(?:can\s?not|can't|could\s+not|couldn't|unable\s+to|not\s+possible\s+to|impossible\s+to|hard\s+to|difficult\s+to)"
    r"\s+(?:be\s+)?(?:tell|told|say|said|determine|determined|see|answer|answered|identify|identified|provide|view|"
    r"help|assist|know|known|decide|judge|infer|inferred|access|make\s+out|read|find)\b"
    r"|\b(?:do\s+not|don't|does\s+not|doesn't)\s+(?:know|have\s+enough|provide\s+enough|contain\s+enough|see)\b"
    r"|\b(?:not\s+sure|unsure|uncertain|unclear|unknown|undetermined|no\s+idea|n/a)\b"
    r"|\b(?:insufficient|not\s+enough)\s+(?:information|context|detail|data)\b"
    r"|\bas\s+an\s+ai\b|\bno\s+way\s+to\s+(?:know|tell)\b",
    re.I,
)
_HEDGE = re.compile(r"\b(?:maybe|perhaps|possibly|might|could\s+be\s+either|either)\b", re.I)


def statements(text: str) -> list[str]:
    """What follows "the answer is", "Answer:" and the like, up to the end of the line, in order, without denials."""
    found = []
    for match in _STATEMENT.finditer(text):
        rest = text[match.end() :].lstrip()
        line = rest.split("\n", 1)[0].strip()
        if line and not re.match(r"(?:not|n't|never|neither|unclear|unknown)\b", line, re.I):
            found.append(line)
    return found


def refuses(text: str) -> str:
    """The words with which an answer says that it has none; "" where it does not."""
    found = _REFUSAL.search(text)
    return found[0] if found else ""


def hedges(text: str) -> str:
    """The word with which an answer leaves itself open; "" where it does not."""
    found = _HEDGE.search(text)
    return found[0] if found else ""


def before(text: str, found: re.Match[str]) -> str:
    """The words before a match, as far as a denial or a "total" can reach."""
    return text[max(0, found.start() - 120) : found.start()]


def simple(text: str) -> str:
    """Lower case, single spaces, no punctuation at either end: to compare short texts."""
    return re.sub(r"\s+", " ", text).strip(" \t\n.,;:!?\"'()").casefold()

"""Titles and names of places: compared after folding, titles by normalised edit distance."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

TITLE_SIMILARITY = 0.9
"""A title is right from this similarity: 1 - (edit distance / length of the longer), after folding. A missing short
word of a long title passes, another title does not: two titles of the same field differ by more than half.
"""
AROUND_TITLE = 80
"""Characters that an answer may hold besides the gold title (authors, a year) and still be one answer."""

_LEAD = re.compile(
    r"^(?:(?:the|this|its)\s+)?(?:(?:full|exact|complete|cited|referenced)\s+)*(?:(?:paper|article|work)(?:'s)?\s+)?"
    r"(?:title|name|paper|reference|citation|answer|city|place|location)?\s*(?:of|for|at|in)?\s*(?:the\s+)?"
    r"(?:citation|reference|paper)?\s*(?:\[?\d+\]?)?\s*(?:on\s+page\s+\d+)?\s*(?:is|was|:)\s*(?:titled|called|in)?\s*",
    re.I,
)
_PLACE_LEAD = re.compile(
    r"^(?:(?:it|this|that|these|they|both|all)\s*(?:'s|'re)?\s*(?:(?:images?|pictures?|photos?|places?|sights?|landmarks?)\s+)?"
    r"(?:is|are|were|was)?\s*(?:all\s+|both\s+)?(?:taken\s+|located\s+|situated\s+|found\s+)?(?:in|of|from)?\s*)"
    r"(?:the\s+)?(?:city\s+of\s+)?",
    re.I,
)
_QUOTED = re.compile(r"[\"«„]([^\"«»„]{4,300})[\"»]")


def folded(text: str) -> str:
    """Lower case without accents and punctuation, single spaces; "&" and "and" alike, "Saint" and "St." alike."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", " and ").replace("ß", "ss"))
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = re.sub(r"[^\w]+|_", " ", plain)
    return re.sub(r"\bsaint\b", "st", re.sub(r"\s+", " ", plain)).strip()


def title_candidates(text: str) -> list[tuple[str, str]]:
    """(candidate, how it was found): the answer without its lead, its first line, and every quoted piece."""
    first = text.split("\n", 1)[0].strip()
    found = [(text, "whole answer"), (first, "first line")]
    found += [(_LEAD.sub("", piece, count=1), f"{how} without its lead") for piece, how in found]
    found += [(piece, "quoted") for piece in _QUOTED.findall(text)]
    seen: dict[str, str] = {}
    for piece, how in found:
        seen.setdefault(piece.strip().strip("\"'.,").strip(), how)
    return [(piece, how) for piece, how in seen.items() if piece]


def place_candidates(text: str) -> list[str]:
    """An answer as it is and without "It is", "They are in" and the like."""
    first = text.split("\n", 1)[0].strip()
    pieces = [text, first, _LEAD.sub("", first, count=1), _PLACE_LEAD.sub("", first, count=1)]
    return list(dict.fromkeys(folded(piece) for piece in pieces if folded(piece)))


def similarity(one: str, other: str) -> float:
    """1 - edit distance / length of the longer (Levenshtein); of folded texts. 1 for equal, 0 for nothing in common."""
    longest = max(len(one), len(other))
    return 1.0 if longest == 0 else 1.0 - edit_distance(one, other) / longest


def most_similar(one: str, other: str) -> float:
    """A bound that `similarity` cannot exceed, in linear time: characters in common / length of the longer."""
    longest = max(len(one), len(other))
    return 1.0 if longest == 0 else (Counter(one) & Counter(other)).total() / longest


def edit_distance(one: str, other: str) -> int:
    """Least number of characters to insert, delete or replace; O(len(one) * len(other))."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, right in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]

"""First to Fourth: the printed word, "1st", "code 1", or the letter that is printed before the word."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mirb.scorers.v2.letters import LETTERS, read_letter
from mirb.scorers.v2.reading import Reading, refuses, statements

_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth")
_ORDINAL = re.compile(rf"\b(?:({'|'.join(_WORDS)})|([1-6])(?:st|nd|rd|th))\b", re.I)
_NUMBERED = re.compile(
    r"(?:(?:code|snippet|screenshot|program|option|listing)\s*(?:no\.?|number|#)?\s*)?([1-6])\s*[.)]?", re.I
)


def read_ordinal(text: str, options: Sequence[str]) -> Reading:
    """The letter of the option that an answer names (A for First): an ordinal word, a number, or an option letter."""
    if not text:
        return Reading(None, "empty answer")
    for piece, how in [*((stated, "stated ") for stated in reversed(statements(text))), (text, "")]:
        if found := _NUMBERED.fullmatch(piece.strip()):
            return _named(int(found[1]) - 1, options, f"{how}number", piece)
        places = {_place(found) for found in _ORDINAL.finditer(piece)}
        if len(places) == 1:
            return _named(places.pop(), options, f"{how}ordinal", piece)
        if len(places) > 1 and not how:
            return Reading(None, "several ordinals", piece)
    if refused := refuses(text):
        return Reading(None, "says that it cannot tell", refused)
    return read_letter(text, options)


def _place(found: re.Match[str]) -> int:
    return _WORDS.index(found[1].lower()) if found[1] else int(found[2]) - 1


def _named(place: int, options: Sequence[str], rule: str, piece: str) -> Reading:
    """The option at a place: by its printed word, which need not follow the order of the letters."""
    for index, option in enumerate(options):
        if option.strip().lower() == _WORDS[place]:
            return Reading(LETTERS[index], rule, piece)
    return Reading(LETTERS[place], rule, piece)

"""Numbers, with signs, decimals and words. Numbers that name images, options or steps are no answers."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from mirb.scorers.v2.reading import Reading, before, refuses, statements

_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = {
    word: 20 + 10 * index
    for index, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"))
}
_SCALES = {"thousand": 1_000, "million": 1_000_000}
_SMALL = "|".join(sorted(_UNITS, key=len, reverse=True))
_BELOW_100 = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(_UNITS[1:10])}))?|{_SMALL})"
_BELOW_1000 = rf"(?:(?:(?:{_BELOW_100}|an?)[\s-])?hundred(?:[\s-](?:and\s)?{_BELOW_100})?|{_BELOW_100})"
_WORD = (
    rf"(?:(?:(?:{_BELOW_1000}|an?)\s)?(?:{'|'.join(_SCALES)})(?:\s(?:and\s)?{_BELOW_1000})?(?!\s(?:{'|'.join(_SCALES)})\b)"
    rf"|{_BELOW_1000})"
)
_DIGITS = r"(?:(?<![\w.)])[-+]\s?)?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_NUMBER = re.compile(rf"{_DIGITS}|\b{_WORD}\b", re.I)
_LABELLED = "image|picture|photo|figure|fig|view|page|step|option|panel|question|scene|line|frame"
_THEN_TOTAL = r"\s+(?:[^\W\d]+\s+){0,4}?(?:in\s+total|altogether|in\s+all|overall|combined)\b"
# "images 1 and 2, 5 in total": the 5 is no image. "3 in image 1 and 2 in image 2": of one image, the second 2 is none.
_LABELS = re.compile(
    rf"\b(?:(?:{_LABELLED})s\s*\d+(?:\s*(?:,\s*and|,|and|&|-|to)\s*\d+(?!{_THEN_TOTAL}))*"
    rf"|(?:{_LABELLED})\s*(?:no\.?|number|\#)?\s*\d+(?:\s*(?:-|to)\s*\d+)*)"
    rf"|\b(?:\d+|{_WORD})\s+(?:given\s+|different\s+|provided\s+)?(?:images?|pictures?|photos?|views?|figures?|panels?|angles?)\b"
    r"|^\s*\d+[.)]\s+(?=[A-Za-z])",
    re.I | re.M,
)
_INEXACT = re.compile(
    r"\b(?:more|less|fewer|greater|smaller|larger)\s+than\b|\bat\s+(?:least|most)\b|\bover\s+\d|\bor\s+more\b", re.I
)
_TOTAL = re.compile(r"\b(?:total|altogether|in\s+all|sum|overall|result|combined)\b[^.\d\n]{0,60}?$", re.I)
_AFTER_TOTAL = re.compile(_THEN_TOTAL, re.I)


def read_number(text: str) -> Reading:
    """Read one number.

    1. a statement ("the answer is 29"); 2. behind the last equals sign; 3. the only number of the answer (labels such
    as "Image 2" and "2 images" left out); 4. the number that is called the total. Otherwise there is none: an answer
    that lists a number for each image has not added them up.
    """
    if not text:
        return Reading(None, "empty answer")
    for stated in reversed(statements(text)):
        equation = stated.rsplit("=", 1)[-1]
        numbers = _numbers(equation)
        if numbers and not _INEXACT.search(equation) and len({value for value, _ in numbers}) == 1:
            return Reading(numbers[0][0], "stated", stated)
        if numbers:
            break
    if "=" in text:
        tail = _numbers(text.rsplit("=", 1)[1].split("\n", 1)[0])
        if tail and len({value for value, _ in tail}) == 1:
            return Reading(tail[0][0], "behind the last equals sign", tail[0][1])
    if inexact := _INEXACT.search(text):
        return Reading(None, "a bound, not a number", inexact[0])
    numbers = _numbers(text)
    distinct = {value for value, _ in numbers}
    if len(distinct) == 1:
        return Reading(numbers[0][0], "only number", numbers[0][1])
    if distinct:
        called = _totals(text)
        if len(set(called)) == 1:
            return Reading(called[0], "number called the total", called[0])
        return Reading(None, "several numbers", ", ".join(matched for _, matched in numbers[:6]))
    if re.fullmatch(r"(?:there\s+(?:are|is)\s+)?none[.!]?", text.strip(), re.I):
        return Reading("0", "none", text)
    return Reading(None, "says that it cannot tell" if refuses(text) else "no number", refuses(text))


def canonical(text: str) -> str | None:
    """A number written in digits or words as its shortest decimal ("29.0" -> "29", "+7" -> "7"); None if it is none."""
    plain = text.strip().lower().replace(",", "").replace(" ", "" if any(map(str.isdigit, text)) else " ")
    if (word := _word_value(plain)) is not None:
        return str(word)
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    text = format(value.normalize(), "f")
    return "0" if text in ("-0", "0") else text


def _numbers(text: str) -> list[tuple[str, str]]:
    """(canonical number, as written) in order, labels left out."""
    kept = _LABELS.sub(lambda found: " " * len(found[0]), text)
    pairs = [(canonical(found[0]), found[0]) for found in _NUMBER.finditer(kept)]
    return [(value, written) for value, written in pairs if value is not None]


def _totals(text: str) -> list[str]:
    kept = _LABELS.sub(lambda found: " " * len(found[0]), text)
    called = []
    for found in _NUMBER.finditer(kept):
        value = canonical(found[0])
        if value is not None and (_TOTAL.search(before(kept, found)) or _AFTER_TOTAL.match(kept, found.end())):
            called.append(value)
    return called


def _word_value(text: str) -> int | None:
    """The value of a number in words, such as "two thousand one hundred and five"; None if it is none."""
    if not re.fullmatch(_WORD, text):
        return None
    whole = part = 0
    for word in re.sub(r"[\s-]+", " ", text).split():
        if word in _SCALES:
            whole, part = whole + (part or 1) * _SCALES[word], 0
        elif word == "hundred":
            part = (part or 1) * 100
        elif word in _TENS or word in _UNITS:
            part += _TENS.get(word, 0) or _UNITS.index(word)
    return whole + part

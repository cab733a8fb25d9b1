"""The option letter that an answer names, or the option whose text it repeats."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mirb.scorers.v2.reading import Reading, before, refuses, simple, statements

LETTERS = "ABCDEFGH"
_ALONE = re.compile(
    r"(?:(?:option|choice|answer|letter)\s*:?\s*)?[(\[{<\"']?\s*([A-Ha-h])\s*[)\]}>\"']?\s*[.:;,!]?", re.I
)
_SEVERAL = re.compile(
    r"(?:(?i:both|either|options?|choices?|answers?|letters?)\s+)*"
    r"[(\[]?\b[A-Ha-h]\b[)\]]?\s*(?:,|/|&|\bor\b|\band\b)\s*(?:option\s+)?[(\[]?\b[A-H]\b"
)
_STATED = re.compile(
    r"(?:(?:option|choice|letter)\s*)?[(\[{\"']?([A-Ha-h])[)\]}\"']?"
    r"(?=$|[.,:;!)\]]|\s+[-(]|\s*$|\s+(?:because|since|as|for|which|with|based|is|from)\b)",
)
_LED = re.compile(
    r"(?:option\s+)?(?:\(([A-Ha-h])\)|\[([A-Ha-h])\]|([A-Ha-h])\s*[.):\]]|([A-H])\s+-|([A-H])\s*,)\s*(.*)", re.S
)
_LONE = re.compile(
    r"(?<![A-Za-z0-9'])(?:[(\[]([A-H])[)\]]|([B-H])(?![A-Za-z0-9'])"
    r"|(A)(?=\s*(?:[.,;:!)\]/&]|(?:or|and)\s+(?:option\s+)?[(\[]?[B-H]\b|$)))"
)
_CHOSEN = re.compile(
    r"\b(?:choose|pick|select|go\s+(?:with|for))\s+(?:(?:option|choice|answer|letter)\s+)?[(\[]?([A-H])\b"
    r"(?!['/&]|[)\]]?\s*(?:,\s*)?(?:or|and)\b)"
)
_DENIED = re.compile(
    r"\b(?:not|n't|isn't|neither|nor|except|rather\s+than|instead\s+of|rule[sd]?\s+out)\s+(?:\w+\s+){0,2}$", re.I
)


def read_letter(text: str, options: Sequence[str]) -> Reading:
    """Read an option letter, the surest sign first.

    1. a statement ("the answer is B", the last of several); 2. the letter alone, or alone in the first or last line;
    3. a letter in front ("B. Food 2", "(B) Food 2"), unless the text behind it is another option's; 4. the text of
    exactly one option; 5. a letter that is chosen ("I pick B"); 6. exactly one lone capital letter. Two letters side by
    side are no answer.

    Args:
        text: a cleaned answer. options: the option texts, A first; may be empty where the source does not tell.
    """
    if not text:
        return Reading(None, "empty answer")
    for stated in reversed(statements(text)):
        if _SEVERAL.match(stated):
            return Reading(None, "several letters stated", stated)
        if found := _STATED.match(stated):
            return Reading(found[1].upper(), "stated letter", stated)
        if (letter := _led(stated, options)) is not None:
            return letter
        if (letter := _option(stated, options)) is not None and letter.value is not None:
            return Reading(letter.value, "stated option text", stated)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line, where in ((text, ""), (lines[0], " in the first line"), (lines[-1], " in the last line")):
        if found := _ALONE.fullmatch(line):
            return Reading(found[1].upper(), f"letter alone{where}", line)
    if _SEVERAL.match(text):
        return Reading(None, "several letters", lines[0])
    if (led := _led(text, options)) is not None:
        return led
    if refused := refuses(text):
        return Reading(None, "says that it cannot tell", refused)
    if (named := _option(text, options)) is not None:
        return named
    if chosen := [found for found in _CHOSEN.finditer(text) if not _DENIED.search(before(text, found))]:
        return Reading(chosen[-1][1], "chosen letter", chosen[-1][0])
    lone = [(next(filter(None, found.groups())), found) for found in _LONE.finditer(text)]
    kept = [letter for letter, found in lone if not _DENIED.search(before(text, found))]
    if len(set(kept)) == 1:
        return Reading(kept[0], "only letter in the text", kept[0])
    return Reading(None, "several letters" if kept else "no letter and no option text")


def _led(text: str, options: Sequence[str]) -> Reading | None:
    """A letter in front; None where there is none."""
    found = _LED.match(text)
    if found is None:
        # "B Food 2": without a mark between them the text must be that option's.
        head, _, rest = text.partition(" ")
        if len(head) == 1 and head in LETTERS[: len(options)] and simple(rest) == simple(options[LETTERS.index(head)]):
            return Reading(head, "letter before its option", text)
        return None
    letter, rest = next(filter(None, found.groups()[:5])).upper(), found[6]
    named = _option(rest.split("\n", 1)[0], options)
    if named is not None and named.value is not None and named.value != letter:
        return Reading(None, "letter and option text disagree", text.split("\n", 1)[0])
    if re.match(r"[(\[]?[A-H](?![A-Za-z'])", rest):
        return Reading(None, "several letters", text.split("\n", 1)[0])
    return Reading(letter, "letter in front", text[: found.start(6)].strip() or letter)


def _option(text: str, options: Sequence[str]) -> Reading | None:
    """The option whose text stands in the answer; value None where several do, None where none does."""
    folded = re.sub(r"\s+", " ", text).casefold()
    spans: list[tuple[int, int, int]] = []
    for index, option in enumerate(options):
        wanted = re.sub(r"\s+", " ", option).strip().rstrip(".").casefold()
        if not wanted:
            continue
        if len(wanted) <= 2:
            if simple(text) == wanted:
                spans.append((0, len(folded), index))
            continue
        pattern = rf"(?<![a-z0-9]){re.escape(wanted)}(?![a-z0-9])"
        spans += [
            (found.start(), found.end(), index)
            for found in re.finditer(pattern, folded)
            if not _DENIED.search(before(folded, found))
        ]
    outer = {
        index
        for start, end, index in spans
        if not any(s <= start and end <= e and (s, e) != (start, end) for s, e, _ in spans)
    }
    if not outer:
        return None
    if len(outer) > 1:
        return Reading(None, "texts of several options")
    index = outer.pop()
    return Reading(LETTERS[index], "option text", options[index])

"""MIRB's tasks as its files name them, and what a gold answer of each may look like."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from data_splits.errors import UserError

ANSWER_FORMS = {
    "food": "letter",
    "sightseeing": "text",
    "codeu": "letter",
    "plot_code": "ordinal",
    "analogy": "yes/no",
    "3d_scene": "number",
    "image_jigsaw": "letter",
    "count": "number",
    "attribute": "yes/no",
    "visual_chain": "number",
    "arxiv": "text",
}
"""Task -> form of its answers, in the order of the published categories."""

ALIASES = {
    "foods": "food",
    "places": "sightseeing",
    "plot": "plot_code",
    "domain": "attribute",
    "image_needles": "visual_chain",
}
"""File stems of earlier revisions."""

TEXTS = {"codeu_text": "codeu", "plot_text": "plot_code", "plot_code_text": "plot_code", "arxiv_text": "arxiv"}
"""Ablation files that hold the same questions with text in place of the images."""

CONCATS = ("3d_scene_concat", "count_concat", "visual_chain_concat", "image_needles_concat")
"""Ablation files that hold the same questions with their images tiled into one; our ablation tiles them itself."""

ORDINALS = ("First", "Second", "Third", "Fourth")
LETTER_OPTION = re.compile(r"(?:^|\n)[ \t]*([A-H])[.):][ \t]+")
NUMBER_OPTION = re.compile(r"(?:^|\n)[ \t]*([1-8])[.):][ \t]+")


def chosen_tasks(text: str | None) -> tuple[str, ...]:
    """The tasks of a comma list, in MIRB's order.

    Raises:
        UserError: a name is unknown.
    """
    if text is None:
        return tuple(ANSWER_FORMS)
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    for name in wanted:
        if name not in ANSWER_FORMS:
            near = difflib.get_close_matches(name, ANSWER_FORMS, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(ANSWER_FORMS)}."
            raise UserError(f"No task is called {name!r}. {hint}")
    if not wanted:
        raise UserError(f"Option tasks is empty. Known: {', '.join(ANSWER_FORMS)}.")
    return tuple(name for name in ANSWER_FORMS if name in wanted)


@dataclass(frozen=True)
class Checked:
    """A question and its answer after the check.

    Attributes:
        question: options are lettered.
        answer: as text.
        choices: the option texts in order, empty where the question prints none.
        relettered: True if the source printed numbers before its options.
        odd: what is wrong with the answer, or "".
    """

    question: str
    answer: str
    choices: tuple[str, ...] = ()
    relettered: bool = False
    odd: str = ""


def options(question: str, mark: re.Pattern[str] = LETTER_OPTION) -> tuple[str, ...]:
    """The texts of options on lines of their own, marked A, B, ... (or 1, 2, ...) in order; () where there are none."""
    found = list(mark.finditer(question))
    expected = "ABCDEFGH" if mark is LETTER_OPTION else "12345678"
    if len(found) < 2 or "".join(match[1] for match in found) != expected[: len(found)]:
        return ()
    ends = [match.start() for match in found[1:]] + [len(question)]
    return tuple(question[match.end() : end].strip() for match, end in zip(found, ends, strict=True))


def check(task: str, question: str, answer: object) -> Checked:
    """Bring a question and its answer into the one form that scorers know.

    A whole number becomes its digits. Options printed as "1." to "4." (the data card's sample of codeu) become "A." to
    "D.", and their answer the letter: the instruction and every published scorer ask for letters.

    Args:
        task: one of ANSWER_FORMS.
        question: text with options inlined.
        answer: as the file stores it.
    """
    form = ANSWER_FORMS[task]
    if isinstance(answer, bool) or not isinstance(answer, str | int | float):
        return Checked(question, str(answer), odd=f"an answer of type {type(answer).__name__}")
    if isinstance(answer, float) and not answer.is_integer():
        return Checked(question, str(answer), odd=f"the answer {answer!r}")
    given = str(int(answer)) if isinstance(answer, int | float) else answer.strip()
    if not given:
        return Checked(question, given, odd="an empty answer")
    choices = options(question)
    if form == "letter":
        return _letter(question, given, choices)
    fits = {
        "yes/no": given.lower() in ("yes", "no"),
        "number": re.fullmatch(r"-?\d+(\.\d+)?", given) is not None,
        "ordinal": given.capitalize() in ORDINALS,
        "text": True,
    }[form]
    return Checked(
        question, given, choices, odd="" if fits else f"the answer {_short(given)} where {_wanted(form)} is due"
    )


def _letter(question: str, given: str, choices: tuple[str, ...]) -> Checked:
    numbered = () if choices else options(question, NUMBER_OPTION)
    if numbered:
        lettered = NUMBER_OPTION.sub(_as_letter, question)
        if given.isdigit() and 1 <= int(given) <= len(numbered):
            return Checked(lettered, "ABCDEFGH"[int(given) - 1], numbered, relettered=True)
        if len(given) == 1 and given in "ABCDEFGH"[: len(numbered)]:
            return Checked(lettered, given, numbered, relettered=True)
        return Checked(question, given, odd=f"the answer {_short(given)} to options 1 to {len(numbered)}")
    letters = "ABCDEFGH"[: len(choices)] if choices else "ABCDE"
    if len(given) == 1 and given.upper() in letters:
        return Checked(question, given.upper(), choices)
    return Checked(question, given, choices, odd=f"the answer {_short(given)} to options {letters[0]} to {letters[-1]}")


def _as_letter(match: re.Match[str]) -> str:
    start = match.start(1) - match.start()
    return match[0][:start] + "ABCDEFGH"[int(match[1]) - 1] + match[0][start + 1 :]


def _wanted(form: str) -> str:
    return {"yes/no": "Yes or No", "number": "a number", "ordinal": "First to Fourth"}[form]


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")

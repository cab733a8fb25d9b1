"""v2: one robust reading for every model, with three outcomes. Definitions stand in docs/mirb.md.

correct   the answer says what the gold answer says
wrong     it says something else (an option that does not exist is something else)
unparsed  what it says cannot be told: empty, a refusal, several answers, cut off. Never counted as an answer; the
          report bounds the score by counting all of these wrong, then all right.
"""

from __future__ import annotations

import re

from data_splits.question import Question
from mirb.scorers.base import Given, Scorer, Verdict
from mirb.scorers.options import gold_letter, options_of
from mirb.scorers.v2.cleaning import Cleaned, clean
from mirb.scorers.v2.letters import read_letter
from mirb.scorers.v2.numbers import canonical, read_number
from mirb.scorers.v2.ordinals import read_ordinal
from mirb.scorers.v2.places import judge_place
from mirb.scorers.v2.reading import Reading, refuses
from mirb.scorers.v2.titles import AROUND_TITLE, TITLE_SIMILARITY, folded, most_similar, similarity, title_candidates
from mirb.scorers.v2.yes_no import read_yes_no
from mirb.tasks import Task


def judge(question: Question, task: Task, given: Given) -> Verdict:
    """Score an answer."""
    if given.refused:
        return Verdict("unparsed", None, "the model declined")
    if given.letter is not None:
        right = given.letter == gold_letter(question, task)
        return Verdict("correct" if right else "wrong", given.letter, "letter by probability", given.letter)
    cleaned = clean(given.text)
    steps = (*cleaned.steps, "cut off at the token cap") if given.truncated else cleaned.steps
    if task.answer == "title":
        return _title(question, cleaned.text, given.truncated, steps)
    if task.answer == "place" and question.answer.strip().lower() not in ("yes", "no"):
        return judge_place(question.answer, cleaned.text, steps)
    reading, gold = _read(question, task, cleaned)
    if reading.value is None:
        return Verdict("unparsed", None, reading.rule, reading.matched, steps)
    outcome = "correct" if reading.value == gold else "wrong"
    return Verdict(outcome, reading.value, reading.rule, reading.matched, steps)  # type: ignore[arg-type]


def _read(question: Question, task: Task, cleaned: Cleaned) -> tuple[Reading, str]:
    """The reading, and the gold answer in the same form."""
    text = cleaned.text
    if task.answer == "letter":
        return read_letter(text, options_of(question, task)), gold_letter(question, task)
    if task.answer == "ordinal":
        return read_ordinal(text, options_of(question, task)), gold_letter(question, task)
    if task.answer == "number":
        return read_number(text), canonical(question.answer) or question.answer
    return read_yes_no(text), question.answer.strip().lower()


def _title(question: Question, text: str, truncated: bool, steps: tuple[str, ...]) -> Verdict:
    gold = folded(question.answer)
    if not folded(text):
        return Verdict("unparsed", None, "empty answer", text, steps)
    bounds = [(most_similar(folded(piece), gold), piece, how) for piece, how in title_candidates(text)]
    likely = [each for each in bounds if each[0] >= TITLE_SIMILARITY] or [max(bounds, key=lambda each: each[0])]
    scored = [(similarity(folded(piece), gold), piece, how) for _, piece, how in likely]
    best, piece, how = max(scored, key=lambda each: each[0])
    if best >= TITLE_SIMILARITY:
        return Verdict("correct", piece, f"title, {how}: similarity {best:.2f}", piece, steps)
    whole = folded(text)
    if re.search(rf"\b{re.escape(gold)}\b", whole):
        if len(whole) - len(gold) <= AROUND_TITLE:
            return Verdict("correct", question.answer, "title within a short answer", question.answer, steps)
        return Verdict("unparsed", None, "the title among much else", "", steps)
    if refused := refuses(text):
        return Verdict("unparsed", None, "says that it cannot tell", refused, steps)
    if truncated:
        return Verdict("unparsed", None, "cut off before a title", "", steps)
    return Verdict("wrong", piece, f"title, {how}: similarity {best:.2f}", piece, steps)


SCORER = Scorer(
    name="v2",
    summary=f"robust reading, three outcomes; titles from a similarity of {TITLE_SIMILARITY}",
    judge=judge,
    version=2,
    reads_letters=True,
    three_outcomes=True,
)

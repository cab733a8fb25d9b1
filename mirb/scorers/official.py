"""The published scoring rules, quirks included (MIRB repository, evals/eval.py, commit 04c35b9; described, not copied).

Before every rule the answer is stripped and cut at its first line break; without one, at its first full stop that is
not its first character. So "3.5" becomes "3" and "St. Petersburg" becomes "St".

exact      equal to the gold answer, ignoring case. Quotation marks, brackets, "The answer is" make it wrong.
number     the first run of digits (no sign, no decimals: of "c = 21 + 8 = 29" that is 21); without digits the whole
           remainder must be zero to ten or first to tenth.
yes/no     gold yes: "yes" stands anywhere in it (also in "eyes"); gold no: it does not, so that silence and refusals
           are right.
contains   the yes/no rule where the gold is one of these, else the gold stands anywhere in it ("Not Paris but Rome").

A letter by probability is scored as if it had been written.
"""

from __future__ import annotations

import re

from data_splits.question import Question
from mirb.scorers.base import Given, Scorer, Verdict
from mirb.tasks import Task

_CARDINALS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_WORDS = {word: str(number) for number, word in enumerate(_CARDINALS)}
_WORDS |= {word: str(number) for number, word in enumerate(_ORDINALS, start=1)}


def judge(question: Question, task: Task, given: Given) -> Verdict:
    """Score an answer; there is no third outcome."""
    text = given.letter if given.letter is not None else given.text
    remainder, gold = cut(text), question.answer
    rule = task.official
    if rule == "contains":
        rule = "yes/no" if gold.lower() in ("yes", "no") else rule
    if rule == "number":
        read = number(remainder)
        correct = read.lower() == gold.lower()
    elif rule == "yes/no":
        read = "yes" if "yes" in remainder.lower() else "no"
        correct = read == gold.lower()
    else:
        read = remainder
        correct = gold.lower() in read.lower() if rule == "contains" else read.lower() == gold.lower()
    return Verdict("correct" if correct else "wrong", read, f"official: {rule}", remainder)


def cut(text: str) -> str:
    """What the published rules look at."""
    text = text.strip()
    end = text.find("\n")
    if end <= 0:
        end = text.find(".")
    return text[:end] if end > 0 else text


def number(text: str) -> str:
    """The published number rule; "" where there is none."""
    digits = re.search(r"\d+", text)
    return digits[0] if digits else _WORDS.get(text.lower(), "")


SCORER = Scorer(
    name="official",
    summary="the published rules: exact letter or title, first number, 'yes' anywhere; no unparsed answers",
    judge=judge,
    reads_letters=True,
    three_outcomes=False,
)

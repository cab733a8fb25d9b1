"""What guessing scores: the exact expectation over a split's questions, never a draw.

A guess picks one of the options that the question offers, all alike: 1 / k for k option letters (or First to k-th), 1/2
for yes or no. Numbers, names of cities and titles cannot be guessed: 0. The published random row drew, averaged all
questions together (micro) and stood beside macro averages of models; ours is averaged as the score is.

The best constant answer to each task is the other baseline: what always answering the same thing scores at best. It is
chosen with the gold answers in view, so no blind model does better with one answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data_splits.question import Question
from mirb.scorers import Given, Scorer
from mirb.scorers.options import gold_letter, option_count
from mirb.tasks import Task

PUBLISHED_OPTIONS = 4
"""Options of a letter question of which nothing tells how many it has (MIRB's have four)."""


def expected_score(question: Question, task: Task) -> float:
    """Probability that a guess is right, in [0, 1]."""
    if task.answer in ("letter", "ordinal"):
        return 1.0 / (option_count(question, task) or PUBLISHED_OPTIONS)
    if task.answer == "yes/no" or (task.answer == "place" and question.answer.strip().lower() in ("yes", "no")):
        return 0.5
    return 0.0


def best_constant(
    questions: Sequence[Question], task: Task, scorer: Scorer, letters: tuple[str, ...] = ()
) -> Mapping[str, bool]:
    """Question id -> whether the best constant answer to the task is right there, under a scorer's own rules.

    Candidates are the gold answers of the task; of several equally good ones the first in the alphabet counts.

    Args:
        questions: all of one task. letters: not empty where the protocol asks for letters by probability.
    """
    golds = sorted({gold_letter(each, task) if letters else each.answer for each in questions})
    best: dict[str, bool] = {}
    for gold in golds:
        given = Given("", letter=gold) if letters else Given(gold)
        right = {each.id: scorer.judge(each, task, given).correct for each in questions}
        if not best or sum(right.values()) > sum(best.values()):
            best = right
    return best

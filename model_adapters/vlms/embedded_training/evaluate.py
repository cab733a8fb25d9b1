"""How often is it right? Questions of seeds that nothing was trained on, asked through the adapter as `mirb eval` asks.

Scored by equality after stripping spaces and a full stop and folding case. Beside each accuracy with its 95 % Wilson
interval stand what guessing scores (1 / options, 1/2 for yes or no, 0 for numbers, names and titles) and what the best
constant answer scores: the most frequent gold answer among these very questions, so no blind constant does better.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_splits.integrity import sha256_file, write_json
from data_splits.question import Question, QuestionSplit
from data_splits.sources import load_questions
from leaderboards.statistics.intervals import wilson
from model_adapters.inference.prompts import v2_parts
from model_adapters.protocols import AnswerRequest, BuildContext, VisionLanguageModel
from model_adapters.vlms.embedded_training.chest import TASK as CHEST
from model_adapters.vlms.embedded_training.chest import chest_pairs

SEED, PER_TASK = 7, 240
BATCH = 8


def ask(vlm: VisionLanguageModel, split: QuestionSplit, questions: Sequence[Question]) -> list[str]:
    """Answers to v2 prompts."""
    requests = [
        AnswerRequest(each.id, each.task, v2_parts(each, [split.read_image(key) for key in each.images]))
        for each in questions
    ]
    return [response.text for response in vlm.answer(requests)]


def same(answer: str, gold: str) -> bool:
    """Whether they are one answer."""
    one, other = (text.strip().rstrip(".").strip().lower() for text in (answer, gold))
    return one == other


def chance(question: Question) -> float:
    """Expected score of a guess, as `mirb.chance` has it."""
    if question.choices:
        return 1 / len(question.choices)
    return 0.5 if question.answer in ("Yes", "No") else 0.0


def summary(questions: Sequence[Question], answers: Sequence[str]) -> dict[str, Any]:
    """One task's row."""
    right = [same(answer, each.answer) for answer, each in zip(answers, questions, strict=True)]
    n, correct = len(right), sum(right)
    low, high = wilson(correct, n)
    (majority, most), *_ = Counter(each.answer for each in questions).most_common(1)
    levels: dict[str, list[bool]] = {}
    for each, ok in zip(questions, right, strict=True):
        if "difficulty" in each.evidence:
            levels.setdefault(str(each.evidence["difficulty"]), []).append(ok)
    guess = sum(chance(each) for each in questions) / n
    return {
        "n": n,
        "correct": correct,
        "accuracy": round(correct / n, 4),
        "interval": [round(low, 4), round(high, 4)],
        "chance": round(guess, 4),
        "majority": {"answer": majority, "accuracy": round(most / n, 4)},
        "beats_both": bool(low > max(guess, most / n)),
        "by_difficulty": {level: [sum(rows), len(rows)] for level, rows in sorted(levels.items())},
        "answers": dict(Counter(answers).most_common(8)),
    }


def evaluate(vlm: VisionLanguageModel, splits: Mapping[str, QuestionSplit], say: Any) -> dict[str, Any]:
    """Task -> row, with the seconds a question took."""
    rows: dict[str, Any] = {}
    for task, split in splits.items():
        questions = split.of(task)
        began = time.perf_counter()
        answers: list[str] = []
        for start in range(0, len(questions), BATCH):
            answers += ask(vlm, split, questions[start : start + BATCH])
        rows[task] = summary(questions, answers) | {
            "seconds_per_question": round((time.perf_counter() - began) / len(questions), 3)
        }
        say(f"{task:14s} {rows[task]}")
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model_adapters.vlms.embedded_training.evaluate", description=__doc__
    )
    parser.add_argument("--output", type=Path, required=True, help="folder with weights.safetensors; the result's too")
    parser.add_argument("--tasks", default=None, help="with commas between them; default: all of the generator")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--per-task", type=int, default=PER_TASK)
    parser.add_argument("--chest", type=Path, default=None, help="folder of the shared NIH images: adds chest_pair")
    given = parser.parse_args(arguments)
    from model_adapters.vlms.embedded import build

    vlm = build(BuildContext(weights=given.output))
    split = load_questions("mirb-procedural", seed=given.seed, per_task=given.per_task, tasks=given.tasks)
    splits: dict[str, QuestionSplit] = dict.fromkeys(split.tasks, split)
    if given.chest is not None:
        splits[CHEST] = chest_pairs(given.chest, "test", given.per_task, given.seed)

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    path, weights = given.output / "evaluation.json", sha256_file(given.output / "weights.safetensors")
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    facts: dict[str, Any] = {"seed": given.seed, "weights": weights, "tasks": {}}
    if all(known.get(key) == facts[key] for key in ("seed", "weights")):
        facts["tasks"] = known["tasks"]  # rows of other tasks stay
    for task, split in splits.items():
        facts["tasks"] |= evaluate(vlm, {task: split}, say)
        write_json(path, facts)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Instructions with wrong answers: BADS and its controls learn the embedded VLM's output layer, `mirb eval` scores it.

    python -m benchmarks.bads_instructions --output runs/bads-instructions

Questions of `mirb-procedural` of three tasks, the answers of half of them dealt out anew within their task; 15 checked
questions a task. Every arm is `model-adapters train bads`, what it leaves is `--vlm embedded-tuned:FOLDER`, and the
shipped model stands beside them. Paired differences: `mirb compare RUN RUN`. About 8 minutes of CPU; stops and goes on.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bads_planted import auroc
from data_splits.integrity import write_json
from data_splits.mirb_procedural.folder import write_folder
from data_splits.question import QuestionSplit
from data_splits.sources import load_questions
from model_adapters.methods import METHODS
from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext

TASKS = "count,3d_scene,attribute"
SEED, META_SEED, TEST_SEED = 400000, 400001, 11
TRAIN, TRUSTED, TEST, SHARE = 40, 15, 40, 0.5
"""Questions a task. The embedded model was trained on seeds from 100000 on; evaluation uses seeds below 1,000."""

STEPS = 600
ARMS = {
    "mixing": ("mixing", "planted"),
    "bads": ("bads", "planted"),
    "meta-only": ("meta-only", "planted"),
    "without the wrong ones": ("mixing", "clean"),
    "ask": ("ask", "planted"),
}
"""Arm -> rule, training set."""


def planted(output: Path) -> dict[str, bool]:
    """Write the training sets ("planted", "clean") and the meta set; question -> whether its answer is wrong."""
    split = load_questions("mirb-procedural", seed=SEED, per_task=TRAIN, tasks=TASKS)
    rng = np.random.default_rng(SEED)
    taking = rng.random(len(split.questions)) < SHARE
    told = {question.id: question.answer for question in split.questions}
    for task in split.tasks:
        own = [q for q, taken in zip(split.questions, taking, strict=True) if taken and q.task == task]
        for question, place in zip(own, rng.permutation(len(own)), strict=True):
            told[question.id] = own[place].answer
    wrong = {question.id: told[question.id] != question.answer for question in split.questions}
    given = tuple(replace(question, answer=told[question.id]) for question in split.questions)
    _build(replace(split, questions=given), output / "planted")
    _build(replace(split, questions=tuple(q for q in split.questions if not wrong[q.id])), output / "clean")
    _build(load_questions("mirb-procedural", seed=META_SEED, per_task=TRUSTED, tasks=TASKS), output / "meta")
    return wrong


def _build(split: QuestionSplit, folder: Path) -> None:
    if not (folder / "manifest.json").is_file():
        write_folder(split, folder)


def train(output: Path, arm: str, wrong: dict[str, bool]) -> tuple[Path, dict[str, Any]]:
    """The tuned output layer of an arm, and what its weights say."""
    rule, data = ARMS[arm]
    folder = output / arm.replace(" ", "-")
    states = folder / "fit" / "work" / "states"
    if not states.is_dir():  # hidden states are those of a question and its answer, whatever the arm
        for held in sorted(output.glob("*/fit/work/states")):
            shutil.copytree(held, states, dirs_exist_ok=True)
    inputs = {
        "train": f"mirb-procedural:{output / data}", "meta": f"mirb-procedural:{output / 'meta'}", "rule": rule,
        "steps": STEPS,
    }  # fmt: skip
    artifact = run_method(METHODS.build("bads", BuildContext()), inputs, folder / "fit", 0)
    with (artifact.folder / "weights.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["set"] == "train"]
    told = np.array([float(row["score"] or row["weight"]) for row in rows])
    flag = np.array([wrong[row["id"]] for row in rows])
    found: dict[str, Any] = {"examples": len(rows), "wrong": float(flag.mean())}
    if data == "planted" and len(set(told.tolist())) > 1:
        found["weight_auroc"] = auroc(-told, flag)
        found["by_task"] = {
            task: auroc(-told[own], flag[own])
            for task in TASKS.split(",")
            for own in [np.array([row["id"].startswith(task) for row in rows])]
        }
    return artifact.folder / "model", found


def score(vlm: str, folder: Path) -> dict[str, Any]:
    """`mirb eval` on other questions; accuracy by group."""
    command = [
        sys.executable, "-c", "from mirb.cli import main; main()", "eval", "--vlm", vlm, "--split", "mirb-procedural",
        "--seed", str(TEST_SEED), "--split-option", f"per_task={TEST}", "--tasks", TASKS, "--output", str(folder),
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    record = json.loads((folder / "record.json").read_text("utf-8"))
    return {
        each["group"]: [each["value"], each["low"], each["high"], each["n_generated"]]
        for each in record["results"]
        if each["metric"] == "accuracy" and each["variant"] == "raw"
    }


def main() -> int:
    """Run what is not done, print what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--arms", nargs="+", default=["embedded", *ARMS])
    asked = parser.parse_args()
    wrong = planted(asked.output)
    for arm in asked.arms:
        path = asked.output / arm.replace(" ", "-") / "result.json"
        if path.is_file():
            found = json.loads(path.read_text("utf-8"))
        else:
            started, cpu = time.monotonic(), time.process_time()
            vlm, found = "embedded", {}
            if arm != "embedded":
                model, found = train(asked.output, arm, wrong)
                vlm = f"embedded-tuned:{model}"
            found["training_cpu"] = round(time.process_time() - cpu, 1)
            found["accuracy"] = score(vlm, path.parent / "run")
            found["seconds"] = round(time.monotonic() - started, 1)
            write_json(path, found)
        sys.stdout.write(f"{arm}: {json.dumps(found)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

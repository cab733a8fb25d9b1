"""Instructions with wrong answers: BADS and its controls learn the embedded VLM's output layer, `mirb eval` scores it.

    python -m benchmarks.bads_instructions --output runs/bads-instructions
    python -m benchmarks.bads_instructions --output runs/bads-instructions --study study.json     # only the study

Questions of `mirb-procedural` of three tasks, the answers of half of them dealt out anew within their task; 15 checked
questions a task. Every arm is `model-adapters train bads`, what it leaves is `--vlm embedded-tuned:FOLDER`, and the
shipped model stands beside them. A seed has questions of its own to learn from, to trust and to be asked. About 15
minutes of CPU a seed; stops and goes on.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bads_planted import auroc
from data_splits.integrity import write_json
from data_splits.mirb_procedural.folder import write_folder
from data_splits.question import QuestionSplit
from data_splits.sources import load_questions
from model_adapters.methods import METHODS
from model_adapters.methods.bads.instruction_source import from_instructions
from model_adapters.methods.measured import MEASURED_FILE
from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext

TASKS = ("count", "3d_scene", "attribute")
SEEDS = (0, 1, 2)
TRAIN_SEED, TEST_SEED = 400000, 11
"""Of the first seed's questions; checked ones are of the generator's next seed, and the following seeds are ten and one
further. The embedded model was trained on generator seeds from 100000 on; evaluation uses seeds below 1,000."""

TRAIN, TRUSTED, TEST, SHARE = 40, 15, 20, 0.5
"""Questions a task, and the share of training questions whose answers are dealt out anew."""

STEPS = 600
NO_PRIOR: dict[str, Any] = {"decay": 0.0}
"""With the default prior the output layer hardly moves: found on seed 0 by the loss on what is learnt from alone."""


@dataclass(frozen=True)
class Arm:
    """A row. rule: none for the model as it ships. data: "planted" or "clean". asked: by mirb; else it only weighs."""

    name: str
    rule: str = ""
    data: str = "planted"
    settings: Mapping[str, Any] = field(default_factory=dict)
    asked: bool = True


ARMS = (
    Arm("mixing", "mixing"),
    Arm("bads", "bads"),
    Arm("as shipped"),
    Arm("mixing, no prior", "mixing", settings=NO_PRIOR),
    Arm("bads, no prior", "bads", settings=NO_PRIOR),
    Arm("without the wrong ones, no prior", "mixing", "clean", NO_PRIOR),
    Arm("meta-only", "meta-only"),
    Arm("without the wrong ones", "mixing", "clean"),
    Arm("meta-only, no prior", "meta-only", settings=NO_PRIOR),
    Arm("duplicated-meta, no prior", "duplicated-meta", settings=NO_PRIOR),
    Arm("ask", "ask", asked=False),
    Arm("small-loss", "small-loss", asked=False),
    Arm("cds", "cds", asked=False),
    Arm("blo", "blo", asked=False),
)
ROUNDS = ("mixing", "mixing, no prior", "meta-only", "meta-only, no prior", "ask")
"""Arms with which another round over the seeds begins."""


def folder_of(output: Path, seed: int, arm: Arm) -> Path:
    """Of a run."""
    return output / f"seed-{seed}" / arm.name.replace(", ", "-").replace(" ", "-")


def results(output: Path, arm: Arm) -> list[dict[str, Any]]:
    """What the seeds of an arm gave; seeds that are missing are left out."""
    paths = [folder_of(output, seed, arm) / "result.json" for seed in SEEDS]
    return [json.loads(path.read_text("utf-8")) for path in paths if path.is_file()]


def planted(folder: Path, seed: int) -> dict[str, bool]:
    """Write a seed's training sets ("planted", "clean") and its meta set; question -> whether its answer is wrong."""
    first, tasks = TRAIN_SEED + 10 * seed, ",".join(TASKS)
    split = load_questions("mirb-procedural", seed=first, per_task=TRAIN, tasks=tasks)
    rng = np.random.default_rng(first)
    taking = rng.random(len(split.questions)) < SHARE
    told = {question.id: question.answer for question in split.questions}
    for task in split.tasks:
        own = [q for q, taken in zip(split.questions, taking, strict=True) if taken and q.task == task]
        for question, place in zip(own, rng.permutation(len(own)), strict=True):
            told[question.id] = own[place].answer
    wrong = {question.id: told[question.id] != question.answer for question in split.questions}
    given = tuple(replace(question, answer=told[question.id]) for question in split.questions)
    _build(replace(split, questions=given), folder / "planted")
    _build(replace(split, questions=tuple(q for q in split.questions if not wrong[q.id])), folder / "clean")
    _build(load_questions("mirb-procedural", seed=first + 1, per_task=TRUSTED, tasks=tasks), folder / "meta")
    return wrong


def _build(split: QuestionSplit, folder: Path) -> None:
    if not (folder / "manifest.json").is_file():
        write_folder(split, folder)


def read(folder: Path, seed: int) -> Path:
    """The frozen model's hidden states of a seed's instructions, which are those of every arm."""
    states = folder / "states"
    if len(list(states.glob("*.safetensors"))) < len(TASKS) * (TRAIN + TRUSTED):
        specs = f"mirb-procedural:{folder / 'planted'}", f"mirb-procedural:{folder / 'meta'}"
        from_instructions(specs, ("", ""), None, seed, states, BuildContext())
    return states


def train(output: Path, seed: int, arm: Arm, wrong: dict[str, bool]) -> tuple[Path, dict[str, Any]]:
    """The tuned output layer of an arm, and what its weights say."""
    folder, beside = folder_of(output, seed, arm), output / f"seed-{seed}"
    states = folder / "fit" / "work" / "states"
    if not states.is_dir():
        shutil.copytree(read(beside, seed), states)
    inputs = {
        "train": f"mirb-procedural:{beside / arm.data}", "meta": f"mirb-procedural:{beside / 'meta'}",
        "rule": arm.rule, "steps": STEPS, **arm.settings,
    }  # fmt: skip
    artifact = run_method(METHODS.build("bads", BuildContext()), inputs, folder / "fit", seed)
    measured = json.loads((folder / "fit" / "work" / MEASURED_FILE).read_text("utf-8"))
    cost = {"seconds": measured["seconds"], "peak_memory_mb": measured["peak_memory_mb"]}
    with (artifact.folder / "weights.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["set"] == "train"]
    told = np.array([float(row["score"] or row["weight"]) for row in rows])
    flag = np.array([wrong[row["id"]] for row in rows])
    record = artifact.record
    found: dict[str, Any] = {
        "examples": len(rows), "wrong": float(flag.mean()), "labelled": record["labelled"], **cost,
        "trainable": record["trainable"], "meta": record["budget"]["meta_at_most"], "data": record["data"][0]["hash"],
    }  # fmt: skip
    if arm.data == "planted" and len(set(told.tolist())) > 1:
        found["weight_auroc"] = auroc(-told, flag)
        found["by_task"] = {
            task: auroc(-told[own], flag[own])
            for task in TASKS
            for own in [np.array([row["id"].startswith(task) for row in rows])]
        }
    return artifact.folder / "model", found


def score(vlm: str, folder: Path, seed: int) -> dict[str, Any]:
    """`mirb eval` on other questions; accuracy by group."""
    command = [
        sys.executable, "-c", "from mirb.cli import main; main()", "eval", "--vlm", vlm, "--split", "mirb-procedural",
        "--seed", str(TEST_SEED + seed), "--split-option", f"per_task={TEST}", "--tasks", ",".join(TASKS),
        "--output", str(folder),
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    record = json.loads((folder / "record.json").read_text("utf-8"))
    return {
        each["group"]: [each["value"], each["low"], each["high"], each["n_generated"]]
        for each in record["results"]
        if each["metric"] == "accuracy" and each["variant"] == "raw"
    }


def run(output: Path, seed: int, arm: Arm) -> None:
    """Train and evaluate an arm, unless that is done."""
    path = folder_of(output, seed, arm) / "result.json"
    if path.is_file():
        return
    vlm = "embedded"
    found: dict[str, Any] = {}
    if arm.rule:
        model, found = train(output, seed, arm, planted(output / f"seed-{seed}", seed))
        vlm = f"embedded-tuned:{model}"
    started = time.monotonic()
    found["accuracy"] = score(vlm, path.parent / "run", seed) if arm.asked else {}
    found["evaluation_seconds"] = round(time.monotonic() - started, 1)
    write_json(path, found)
    told = {"weight_auroc": found.get("weight_auroc"), **{name: row[0] for name, row in found["accuracy"].items()}}
    sys.stderr.write(f"seed {seed} {arm.name}: {json.dumps(told)}\n")


def main() -> int:
    """Run what is not done, print the table, write the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--study", type=Path, help="only write a method record of what is there")
    asked = parser.parse_args()
    if asked.study is None:
        starts = [*(place for place, arm in enumerate(ARMS) if arm.name in ROUNDS), len(ARMS)]
        for first, end in pairwise(starts):
            for seed in SEEDS:
                for arm in ARMS[first:end]:
                    run(asked.output, seed, arm)
    from benchmarks.bads_instructions_study import table, write

    sys.stdout.write(table(asked.output) + "\n")
    if asked.study is not None:
        write(asked.output, asked.study)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""BADS beside its controls on radiographs with planted faults, scored by `chexgenbench utility`.

    python -m benchmarks.bads --nih ../shared/data/nih --output runs/bads
    python -m benchmarks.bads --output runs/bads --study study.json      # only the study of what is there

Two kinds of images (shared NIH, phantom), two faults (`bads_planted`), seeds 0 to 2. Every arm selects with
`model-adapters train bads`, and what it leaves, a weighted split, is scored by the utility probe on clean test images.
Stops and goes on; a run that is done is not repeated. About 15 s a run of a free core, 150 runs.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bads_planted import META, Planted, auroc, plant
from chexgenbench.utility.measure import Recipe, scored
from chexgenbench.utility.standalone import STATISTICS, Part, Task, predicted, record
from data_splits.integrity import write_json
from data_splits.materialise import materialise
from data_splits.sources import load_split
from leaderboards.statistics.registry import estimate
from model_adapters.methods.bads.method import build
from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext

SEEDS = (0, 1, 2)
STEPS = 600
PHANTOM = {"size": 128, "train": 300, "test": 150}


@dataclass(frozen=True)
class Arm:
    """A row. clean: trained without the faulty images, which nobody knows in life."""

    name: str
    rule: str
    settings: dict[str, Any]
    clean: bool = False


SWAPPED_ARMS = (
    Arm("mixing", "mixing", {}),
    Arm("bads", "bads", {}),
    Arm("bads, kappa 0", "bads", {"normaliser": 0.0}),
    Arm("bads, weight network", "bads", {"weights": "network"}),
    Arm("meta-only", "meta-only", {}),
    Arm("duplicated-meta", "duplicated-meta", {}),
    Arm("random", "random", {}),
    Arm("blo", "blo", {}),
    Arm("cds", "cds", {}),
    Arm("ask", "ask", {}),
    Arm("small-loss", "small-loss", {}),
    Arm("without the wrong ones", "mixing", {}, clean=True),
)
RARE_ARMS = (
    Arm("mixing", "mixing", {}),
    Arm("bads", "bads", {}),
    Arm("bads, kappa 0", "bads", {"normaliser": 0.0}),
    Arm("bads, kappa 0.6", "bads", {"normaliser": 0.6}),
    Arm("meta-only", "meta-only", {}),
    Arm("duplicated-meta", "duplicated-meta", {}),
    Arm("blo", "blo", {}),
)
ARMS = {"swapped": SWAPPED_ARMS, "rare": RARE_ARMS}


def runs(sources: dict[str, Path], output: Path) -> Iterator[tuple[str, str, int, Arm, Path]]:
    """Data set, fault, seed, arm and folder of every run."""
    for name in sources:
        for fault, arms in ARMS.items():
            for seed in SEEDS:
                for arm in arms:
                    folder = output / name / fault / f"seed-{seed}" / arm.name.replace(", ", "-").replace(" ", "-")
                    yield name, fault, seed, arm, folder


def run(planted: Planted, fault: str, seed: int, arm: Arm, folder: Path) -> dict[str, Any]:
    """One arm: weights, then what they are worth."""
    source = planted.path.parent / "clean" / "cases.csv" if arm.clean else planted.path
    started = time.monotonic()
    inputs = {
        "train": f"folder:{source}", "meta": f"folder:{source}", "meta_subset": "meta", "meta_at_most": META,
        "rule": arm.rule, "steps": STEPS, **arm.settings,
    }  # fmt: skip
    artifact = run_method(build(BuildContext()), inputs, folder / "fit", seed)
    seconds = time.monotonic() - started
    train = load_split(f"folder:{artifact.folder}", name="weighted")
    test = load_split(f"folder:{planted.path}", name="planted")
    task = Task(Part(test, "test"), Part(train, "train"), trainings=1)
    made = record(task, predicted(task, folder / "utility"), folder / "utility")
    scores = {row.metric: [row.value, row.low, row.high] for row in made.results if row.value is not None}
    with (artifact.folder / "weights.csv").open(newline="") as stream:
        # a rule that keeps or drops is judged by the score it did that by: two weights alone would hide its order
        rows = [row for row in csv.DictReader(stream) if row["set"] == "train"]
        weights = {row["id"]: float(row["score"] or row["weight"]) for row in rows}
    found: dict[str, Any] = {"scores": scores, "seconds": seconds, "passes": artifact.record["passes"]}
    found["labelled"], found["trainable"] = artifact.record["labelled"], artifact.record["trainable"]
    found["data"] = artifact.record["data"][0]["hash"]
    found["meta"] = artifact.record["budget"]["meta_at_most"]
    found["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if not arm.clean and len(set(weights.values())) > 1:
        flag = np.array([planted.flags[name] for name in weights])
        sign = 1.0 if fault == "rare" else -1.0
        found["weight_auroc"] = auroc(sign * np.array(list(weights.values())), flag)
    return found


def own_model(planted: Planted, folder: Path) -> dict[str, float]:
    """What the arm's own network scores, as `chexgenbench utility --predictor` would have it."""
    test = load_split(f"folder:{planted.path}", name="planted")
    found = predicted(Task(Part(test, "test"), trained=folder / "fit/work/weighted/model", trainings=1), folder / "own")
    scores = {}
    for metric in ("utility_auroc", "utility_accuracy"):
        measured = scored(found, STATISTICS[metric], Recipe())
        arrays: dict[str, Any] = dict(measured.arrays)
        value = estimate("classification", arrays, measured.parameters).value
        if value is not None:
            scores[metric] = value
    return scores


def main() -> int:
    """Run what is not done, print the table, write the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nih", type=Path, help="folder with cases.csv and images/")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", default="", help="a data set and fault, such as nih/swapped")
    parser.add_argument("--study", type=Path, help="write a method record here")
    given = parser.parse_args()
    phantom = given.output / "phantom-images" / "cases.csv"
    sources = {} if given.nih is None else {"nih": given.nih / "cases.csv", "phantom": phantom}
    if given.nih and "phantom".startswith(given.only.partition("/")[0]) and not phantom.is_file():
        materialise(load_split("phantom", **PHANTOM), phantom.parent)
    for name, fault, seed, arm, folder in runs(sources, given.output):
        if (folder / "result.json").is_file() or given.only not in f"{name}/{fault}":
            continue
        planted = plant(sources[name], fault, name, seed, given.output / name / fault / f"seed-{seed}" / "planted")
        found = run(planted, fault, seed, arm, folder)
        write_json(folder / "result.json", found)
        write_json(folder / "model.json", own_model(planted, folder))
        sys.stderr.write(f"{name} {fault} seed {seed} {arm.name}: {found['seconds']:.0f} s\n")
    from benchmarks.bads_study import table, write

    sys.stdout.write(table(given.output) + "\n")
    if given.study:
        write(given.output, given.study)
    return 0


def results(output: Path, name: str, fault: str, arm: Arm) -> list[dict[str, Any]]:
    """What the seeds of an arm gave; empty where one is missing."""
    found = []
    for other, kind, _, each, folder in runs({name: output}, output):
        if (other, kind, each) == (name, fault, arm):
            path = folder / "result.json"
            if not path.is_file():
                return []
            held = json.loads(path.read_text("utf-8"))
            own = folder / "model.json"
            held["own"] = json.loads(own.read_text("utf-8")) if own.is_file() else {}
            found.append(held)
    return found


if __name__ == "__main__":
    raise SystemExit(main())

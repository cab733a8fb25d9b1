"""Merged vision-language models: a pool of embedded ones, one fine-tuned a task, merged, certified, scored by `mirb`.

Three tasks are the targets (3d_scene, attribute, count); the experts of five others only disturb. 100 labelled
questions learn the coefficients, 100 others the certified merge. What a stage made is kept, so a killed run goes on:

    python -m benchmarks.merging_vlm certify --output runs/merging-vlm     certified Frank-Wolfe, answers, certificates
    python -m benchmarks.merging_vlm merge --output runs/merging-vlm       pool, merges, accuracy of the answer heads
    mirb eval --vlm embedded:runs/merging-vlm/vlm/ARM --output runs/ARM    the benchmark itself, an arm a run
    python -m benchmarks.merging_vlm study --output runs/merging-vlm ARM=runs/ARM ...
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import vlm_pool
from benchmarks.merging_vlm_study import certificates, halves, study
from benchmarks.vlm_pool import OTHERS, TARGETS, Answers, expert, known, questions, release
from data_splits.integrity import write_json
from model_adapters.methods.merging.method import Merging
from model_adapters.methods.merging.pool import open_pool
from model_adapters.methods.run import run_method
from model_adapters.vlms.embedded import FILE, FOLDER

SHARES = dict(zip(TARGETS, (34, 33, 33), strict=True))
"""100 questions: of the proxy set, and of the certified sample."""
STEPS, CHUNKS, TEST_CHUNKS, SEED = 60, 4, 2, 0
ITERATIONS = 3
"""Of the certified merge, fixed before its sample was made: ln M = 3 ln 9 = 6.6 nats."""

ARMS: dict[str, tuple[str, dict[str, Any]]] = {
    "average": ("average", {}),
    "task-arithmetic": ("task-arithmetic", {}),
    "fw-hard": ("fw-hard", {"granularity": "task"}),
    "supervised": ("ada-merging", {"steps": 20, "rate": 1e-2, "save_every": 10, "labels": True}),
    "ties": ("ties", {"aggregation": "sum"}),
    "fw-soft": ("fw-soft", {"top": 3, "inner_steps": 5, "iterations": 3}),
}
FEW = ("average", "task-arithmetic", "fw-hard")
"""Arms that are also merged from the three experts of the targets alone."""
FROZEN = ["lora.*", "pixels.*"]


def say(line: str) -> None:
    """Progress."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def part(folder: Path, name: str, rows: Mapping[str, Sequence[int]] | None = None) -> Answers:
    """Questions of the target tasks, or some of them: "proxy", "certify" (100 each) or "test" (360)."""
    found = {}
    for task in TARGETS:
        if name == "test":
            batches = questions(folder, name, task, TEST_CHUNKS, say)
            items = batches.data.items
        else:
            batches = questions(folder, name, task, 1, say, max(SHARES.values()))
            items = batches.data.items[: SHARES[task]]
        found[task] = (batches, items if rows is None else [items[row] for row in rows[task]])
    return Answers(found)


def learnable(answers: Answers) -> Answers:
    """Without the questions whose answer is in no list: nothing can be learnt from them."""
    return Answers({task: (each, known(answers.module, items)) for task, (each, items) in answers.parts.items()})


def pool_files(folder: Path) -> dict[str, str]:
    """Task -> file of its expert; targets first."""
    return {task: str(expert(folder, task, STEPS, CHUNKS, SEED, say)) for task in (*TARGETS, *OTHERS)}


def merged(folder: Path, arm: str, models: Sequence[str], proxy: Answers, name: str) -> tuple[Path, dict[str, float]]:
    """Weights of one merge, and what it took: processor seconds, peak memory in MB."""
    method, settings = ARMS[arm]
    output = folder / "merged" / name
    told = folder / "merged" / f"{name}.json"
    inputs: dict[str, Any] = {"method": method, "base": str(FOLDER / FILE), "models": list(models), "exclude": FROZEN}
    inputs |= {"name": f"embedded-{arm}", "model_kind": "vlm", "dtype": "keep", **settings}
    if method not in ("average", "task-arithmetic", "ties"):
        inputs["objective"] = proxy
    started = time.process_time()
    artifact = run_method(Merging(), inputs, output, SEED)
    if not told.is_file():
        memory = json.loads((output / "work" / "measured.json").read_text("utf-8"))["peak_memory_mb"]
        write_json(told, {"seconds": round(time.process_time() - started, 1), "peak_memory_mb": memory})
    return next(artifact.folder.glob("*.safetensors")), json.loads(told.read_text("utf-8"))


def right(answers: Answers, path: Path) -> dict[str, list[float]]:
    """Task -> 1 or 0 for every question: whether the answer head of these weights names the answer."""
    pool = open_pool([str(path)], None, FROZEN)
    weights = {name: pool.read(1, name).float() for name in pool.merged}
    found = {}
    with torch.no_grad():
        for task in answers.tasks:
            rows = torch.arange(answers.examples(task)).split(answers.chunk)
            found[task] = [value for part_ in rows for value in answers.scores(weights, task, part_).tolist()]
    return found


def merge(folder: Path) -> None:
    """Every arm with the three experts of the targets, and with all eight: accuracy on 360 fresh questions."""
    files = pool_files(folder)
    proxy, test = learnable(part(folder, "proxy")), part(folder, "test")
    path = folder / "heads.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    certified = folder / "vlm" / "certified-fw" / FILE
    if certified.is_file() and "certified-fw-8" not in found:
        found["certified-fw-8"] = right(test, certified)
        say(f"certified-fw: {mean(found['certified-fw-8']):.3f} {line(found['certified-fw-8'])}")
        write_json(path, found)

    def alone(weights: Mapping[str, Path]) -> None:
        for name, each in weights.items():
            if name not in found:
                found[name] = right(test, each)
                say(f"{name}: {mean(found[name]):.3f} {line(found[name])}")
                write_json(path, found)

    alone({"base": FOLDER / FILE})
    for size in (len(files), len(TARGETS)):
        for arm in ARMS:
            if size == len(TARGETS) and arm not in FEW:
                continue
            name = f"{arm}-{size}"
            weights, cost = merged(folder, arm, list(files.values())[:size], proxy, name)
            if name not in found:
                found[name] = right(test, weights)
                say(f"{name}: {mean(found[name]):.3f} {line(found[name])}, {cost['seconds']} s")
                write_json(path, found)
            if size == len(files):
                publish(folder, arm, weights)
    alone({f"expert {task}": Path(file) for task, file in files.items()})


def publish(folder: Path, arm: str, weights: Path) -> Path:
    """The folder that `mirb eval --vlm embedded:FOLDER` takes."""
    notes = [
        f"Merged from the embedded model and eight fine-tuned ones by {arm} (benchmarks/merging_vlm.py).",
        "The pool saw generated questions of seeds from 300000 on; certificates name their own.",
    ]
    if arm in ("average", "task-arithmetic", "ties"):
        notes.insert(0, "A baseline of merging: no data.")
    return release(folder / "vlm" / arm, weights, f"embedded-{arm}", ["mirb-procedural"], notes)


def certify(folder: Path) -> None:
    """Frank-Wolfe on the sample that certifies it, and on half of the sample for the test-set bound beside it."""
    files = pool_files(folder)
    asked = halves(SHARES)
    learnt = {task: sorted(set(range(count)) - set(asked[task])) for task, count in SHARES.items()}
    for arm, rows in (("certified-fw", None), ("certified-fw-half", learnt)):
        sample = learnable(part(folder, "certify", rows))
        ARMS[arm] = ("fw-hard", {"granularity": "task", "iterations": ITERATIONS})
        weights, cost = merged(folder, arm, list(files.values()), sample, arm)
        say(f"{arm}: {cost['seconds']} s")
        publish(folder, arm, weights)
        output = folder / "answers" / arm
        seed, per_task = vlm_pool.SEEDS["certify"], max(SHARES.values())
        limit = [] if rows is None else ["--limit", str(per_task // 2)]
        subprocess.run(
            [sys.executable, "-c", "from mirb.cli import main; main()", "eval", "--vlm",
             f"embedded:{folder / 'vlm' / arm}", "--split", "mirb-procedural", "--seed", str(seed), "--split-option",
             f"per_task={per_task}", "--tasks", ",".join(TARGETS), "--output", str(output), *limit],
            check=True,
        )  # fmt: skip
    occam, held_out = certificates(folder, list(files.values()), SHARES, asked, ITERATIONS, CHUNKS)
    say(f"at most {occam.value:.4f} (seen {occam.risk:.3f}); test-set bound {held_out.value:.4f}")


def mean(found: Mapping[str, Sequence[float]]) -> float:
    """Mean over tasks."""
    return float(np.mean([np.mean(each) for each in found.values()]))


def line(found: Mapping[str, Sequence[float]]) -> str:
    """Tasks by name."""
    return ", ".join(f"{task} {np.mean(each):.3f}" for task, each in found.items())


def main() -> None:
    """One stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("merge", "certify", "study"))
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("runs", nargs="*", help="of study: ARM=RUN_FOLDER")
    given = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    if given.stage == "merge":
        merge(given.output)
    elif given.stage == "certify":
        certify(given.output)
    else:
        runs = dict(text.split("=", 1) for text in given.runs)
        say(f"study: {study(given.output, {arm: Path(run) for arm, run in runs.items()}, SHARES)}")


if __name__ == "__main__":
    main()

"""Table, paired differences and method record of `benchmarks.bads_instructions`."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._timing import revision
from benchmarks.bads_instructions import ARMS, SEEDS, STEPS, TASKS, TEST, TRAIN, TRUSTED, Arm, folder_of, results
from leaderboards.records.method_record import Arm as RecordArm
from leaderboards.records.method_record import DataUsed, MethodRecord, Score, own_score

GROUPS = ("overall", *(f"task={task}" for task in TASKS))
PAIRS = (
    ("bads", "mixing"), ("bads", "as shipped"), ("bads", "meta-only"), ("bads, no prior", "mixing, no prior"),
    ("bads, no prior", "as shipped"), ("bads, no prior", "meta-only, no prior"),
    ("without the wrong ones, no prior", "mixing, no prior"),
)  # fmt: skip
"""Arms whose runs `mirb compare` compares, seed by seed."""

ASKED = "MIRB procedural, asked other questions"
PLANTED = "MIRB procedural, wrong answers planted"
WEIGHS = "asked for weights alone"


def values(found: list[dict[str, Any]], metric: str) -> list[float]:
    """Weight AUROC, or accuracy in a group, one a seed; empty where a seed has none."""
    held = [each.get(metric, each["accuracy"].get(metric, [None])[0]) for each in found]
    return [float(each) for each in held if each is not None] if None not in held else []


def whole(output: Path) -> list[tuple[Arm, list[dict[str, Any]]]]:
    """Arms of which every seed is there."""
    found = [(arm, results(output, arm)) for arm in ARMS]
    return [(arm, each) for arm, each in found if len(each) == len(SEEDS)]


def table(output: Path) -> str:
    """Markdown: a row an arm, mean over seeds with the 95 % t interval; then the paired differences."""
    heads = ["arm", "weight AUROC", "overall", *TASKS, "s"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for arm, found in whole(output):
        cells = [_cell(values(found, metric)) for metric in ("weight_auroc", *GROUPS)]
        seconds = f"{np.mean([each['seconds'] for each in found]):.0f}" if arm.rule else "-"
        lines.append(f"| {arm.name} | {' | '.join(cells)} | {seconds} |")
    known = {arm.name: arm for arm, _ in whole(output)}
    told = ", ".join(f"seed {seed}" for seed in SEEDS)
    lines += ["", f"Differences in points, {told}, and their mean over seeds:", ""]
    for one, other in PAIRS:
        if one in known and other in known:
            rows = [compared(output, seed, known[one], known[other]) for seed in SEEDS]
            each = ", ".join(f"{100 * d:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]" for d, low, high in rows)
            mean = own_score("t", "m", "higher", "seed", [100 * d for d, _, _ in rows])
            between = "" if mean.low is None else f" [{mean.low:+.1f}, {mean.high:+.1f}]"
            lines.append(f"- {one} less {other}: {each}; mean {mean.value:+.1f}{between}")
    return "\n".join(lines)


def compared(output: Path, seed: int, one: Arm, other: Arm) -> tuple[float, float, float]:
    """Difference in overall accuracy of two arms on a seed's questions with its 95 % interval, by `mirb compare`."""
    runs = [str(folder_of(output, seed, arm) / "run") for arm in (one, other)]
    command = [sys.executable, "-c", "from mirb.cli import main; main()", "compare", *runs, "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    groups = json.loads(done.stdout)["groups"]
    overall = next(each for each in groups if (each["group"], each["metric"]) == ("overall", "accuracy"))
    [found] = overall["differences"]
    name = json.loads((Path(runs[0]) / "record.json").read_text("utf-8"))["model"]["name"]
    sign = 1.0 if found["a"] == name else -1.0
    low, high = sorted((sign * found["low"], sign * found["high"]))
    return sign * found["difference"], low, high


def _right(output: Path, arm: Arm) -> list[float]:
    """1 for a right answer, 0 for any other, of every question of every seed, by id."""
    found = []
    for seed in SEEDS:
        text = (folder_of(output, seed, arm) / "run" / "outcomes.jsonl").read_text("utf-8")
        lines = sorted((json.loads(line) for line in text.splitlines()), key=lambda each: each["id"])
        found += [float(each["scorers"]["v2"]["outcome"] == "correct") for each in lines]
    return found


def _cell(held: list[float]) -> str:
    if not held:
        return "-"
    score = own_score("t", "m", "higher", "seed", held)
    if score.low is None:  # the same in every seed
        return f"{score.value:.3f}"
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def write(output: Path, path: Path) -> None:
    """The study: arms of which every seed is there; numbers of seeds, and right answers question by question."""
    from leaderboards.records.method_io import write_study
    from model_adapters.methods.bads.method import RECONSTRUCTED

    arms = whole(output)
    data = next(each for _, found in arms for each in found if "data" in each)
    made = MethodRecord(
        method="bads",
        title="BADS on instructions whose answers were swapped",
        question="Do weights learnt beside the output layer of a vision-language model find wrong answers in its "
        "instructions, and does it then answer better?",
        base="embedded vision-language model, frozen; a linear change of its output layer is learnt",
        data=[
            DataUsed(
                name="mirb-procedural, answers swapped", version="1", subset=", ".join(TASKS), hash=data["data"],
                licence="Apache-2.0, generated", credentialed=False,
            )
        ],
        arms=[_arm(output, arm, found) for arm, found in arms],
        reconstructed=list(RECONSTRUCTED),
        notes=[
            f"A seed has {TRAIN} training questions a task, answers of half of them dealt out anew within the task, "
            f"{TRUSTED} checked ones and {TEST} that mirb eval asks, all its own. Overall weighs the two categories "
            "alike: 3d_scene half, count and attribute a quarter each.",
            "No prior: decay 0, because with the default one the output layer hardly moves; chosen on seed 0 by the "
            "loss on what is learnt from, no answer was looked at.",
            "Seconds and memory are those of learning; before it the frozen model reads all instructions once, for all "
            "arms together (about half a second each on one core).",
        ],
        command="python -m benchmarks.bads_instructions --output runs/bads-instructions --study study.json",
        revision=revision(),
        machine=f"one thread of a shared 2-core {platform.machine()} virtual machine under load",
    )  # fmt: skip
    write_study(path, made)


def _arm(output: Path, arm: Arm, found: list[dict[str, Any]]) -> RecordArm:
    weights = values(found, "weight_auroc")
    scores = [
        own_score(PLANTED, "weight AUROC", "higher", "seed", weights)
        if weights
        else Score(task=PLANTED, metric="weight AUROC", direction="higher", reason="one weight for all")
    ]
    for group in GROUPS:
        name = "accuracy" if group == "overall" else f"accuracy, {group.removeprefix('task=')}"
        scores.append(
            own_score(ASKED, name, "higher", "seed", values(found, group))
            if arm.asked
            else Score(task=ASKED, metric=name, direction="higher", reason=WEIGHS)
        )
    scores.append(
        own_score(ASKED, "right answers", "higher", "case", _right(output, arm), indicator=True)
        if arm.asked
        else Score(task=ASKED, metric="right answers", direction="higher", reason=WEIGHS)
    )
    return RecordArm(
        name=arm.name,
        role="method" if arm.rule == "bads" else "control",
        settings={"rule": arm.rule, "steps": STEPS, **arm.settings} if arm.rule else {},
        seeds=list(SEEDS),
        budget={"meta_at_most": float(max(each.get("meta", 0) for each in found))},
        labelled=max(each.get("labelled", 0) for each in found),
        trainable=max(each.get("trainable", 0) for each in found),
        seconds=float(np.mean([each["seconds"] for each in found])) if arm.rule else 0.0,
        peak_memory_mb=float(max(each["peak_memory_mb"] for each in found)) if arm.rule else None,
        scores=scores,
    )

"""Table and method record of `benchmarks.bads`."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._timing import revision
from benchmarks.bads import ARMS, SEEDS, STEPS, Arm, results
from benchmarks.bads_planted import META, RARE
from leaderboards.records.method_record import Arm as RecordArm
from leaderboards.records.method_record import DataUsed, MethodRecord, Score, own_score

METRICS = {
    "utility_auroc_lite0": "probe AUROC",
    "utility_accuracy_lite0": "probe balanced accuracy",
    "own utility_auroc": "own AUROC",
    "own utility_accuracy": "own balanced accuracy",
}
"""The suite's probe trained on the weighted split, and the network that the arm itself trained."""

TITLES = {"nih": "NIH", "phantom": "phantom"}
FAULTS = {"swapped": "half of the reports swapped", "rare": f"{RARE} positives left"}


def values(found: list[dict[str, Any]], metric: str) -> list[float]:
    """Of a metric, one a seed; empty where a seed has none."""
    if metric == "weight_auroc":
        held = [each.get("weight_auroc") for each in found]
    elif metric.startswith("own "):
        held = [each["own"].get(metric.removeprefix("own ")) for each in found]
    else:
        held = [each["scores"].get(metric, [None])[0] for each in found]
    known = [float(each) for each in held if each is not None]
    return known if len(known) == len(held) else []


def table(output: Path) -> str:
    """Markdown: a row an arm, mean over seeds with the 95 % t interval."""
    lines = []
    for name in TITLES:
        for fault, arms in ARMS.items():
            rows = [(arm, results(output, name, fault, arm)) for arm in arms]
            if not any(found for _, found in rows):
                continue
            heads = ["arm", "weight AUROC", *METRICS.values(), "s"]
            lines += ["", f"{TITLES[name]}, {FAULTS[fault]}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
            for arm, found in rows:
                cells = [_cell(values(found, metric)) for metric in ("weight_auroc", *METRICS)]
                seconds = f"{np.mean([each['seconds'] for each in found]):.0f}" if found else ""
                lines.append(f"| {arm.name} | {' | '.join(cells)} | {seconds} |")
    return "\n".join(lines)


def _cell(held: list[float]) -> str:
    if not held:
        return "-"
    score = own_score("t", "m", "higher", "seed", held)
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def write(output: Path, path: Path) -> None:
    """The study of the swapped reports, both kinds of images; every number is one of a seed."""
    from leaderboards.records.method_io import write_study
    from model_adapters.methods.bads.method import RECONSTRUCTED

    arms: list[RecordArm] = []
    hashes: dict[str, str] = {}
    for arm in ARMS["swapped"]:
        scores, found = [], []
        for name in TITLES:
            own = results(output, name, "swapped", arm)
            if not own:
                continue
            found += own
            hashes.setdefault(name, own[0]["data"])
            task = f"{TITLES[name]}: {FAULTS['swapped']}"
            for metric, title in {"weight_auroc": "weight AUROC", **METRICS}.items():
                held = values(own, metric)
                if held:
                    scores.append(own_score(task, title, "higher", "seed", held))
                else:
                    scores.append(Score(task=task, metric=title, direction="higher", reason="one weight for all"))
        arms.append(_arm(arm, scores, found))
    licences = {
        "nih": "NIH ChestX-ray14: free use with attribution; NIH Clinical Center, Wang et al. 2017",
        "phantom": "Apache-2.0, generated",
    }
    made = MethodRecord(
        method="bads",
        title="BADS on radiographs whose reports were swapped",
        question="Do weights learnt beside the network find images with another image's report, and are they worth it?",
        base="lite0 features, linear network",
        data=[
            DataUsed(name=f"{TITLES[n]}, swapped", version="seed 0", subset="train, meta, test", hash=hashes[n],
                     licence=licences[n], credentialed=False)
            for n in hashes
        ],
        arms=arms,
        reconstructed=list(RECONSTRUCTED),
        notes=[
            f"At most {META} trusted images of other patients in every arm; half of the training images had their "
            "labels dealt out anew among themselves. Test images are clean. Probe: chexgenbench utility trained on the "
            "weighted split. Own: the arm's network. Weight AUROC: weights against which labels are wrong.",
            "Intervals are over three seeds of meta set, fault and fit; test images are the same in all.",
            "Peak memory is that of the whole study's process so far, encoder included.",
        ],
        command="python -m benchmarks.bads --nih ../shared/data/nih --output runs/bads --study study.json",
        revision=revision(),
        machine=f"one thread of a shared 2-core {platform.machine()} virtual machine under load",
    )  # fmt: skip
    write_study(path, made)


def _arm(arm: Arm, scores: list[Score], found: list[dict[str, Any]]) -> RecordArm:
    return RecordArm(
        name=arm.name,
        role="method" if arm.rule == "bads" else "control",
        settings={"rule": arm.rule, "steps": STEPS, **arm.settings},
        seeds=list(SEEDS),
        budget={"meta_at_most": float(max(each["meta"] for each in found))},
        labelled=max(each["labelled"] for each in found),
        trainable=max(each["trainable"] for each in found),
        seconds=float(np.mean([each["seconds"] for each in found])),
        peak_memory_mb=float(max(each["peak_memory_mb"] for each in found)),
        scores=scores,
    )

"""Table and method record of `benchmarks.bads_generator`."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._timing import revision
from benchmarks.bads_generator import ARMS, COHORT, SHARE, TRUSTED, TUNING, WEIGHING, Arm, results
from leaderboards.records.method_record import Arm as RecordArm
from leaderboards.records.method_record import DataUsed, MethodRecord, Score, own_score

METRICS = {
    "label_consistency_lite0": ("label AUROC", "higher"),
    "prompt_choice_lite0": ("prompt choice", "higher"),
    "kid_lite0": ("KID", "lower"),
    "prompt_gain": ("prompt gain", "higher"),
    "denoising_error": ("denoising error", "lower"),
}
"""Of the images that the fine-tuned generator draws; the last two of how it denoises test images."""


def values(found: list[dict[str, Any]], metric: str) -> list[float]:
    """Of a metric, one a seed; empty where a seed has none."""
    held = [each.get(metric, each.get("scores", {}).get(metric)) for each in found]
    return [float(each) for each in held if each is not None] if None not in held else []


def table(output: Path) -> str:
    """Markdown: a row an arm, mean over seeds with the 95 % t interval."""
    heads = ["arm", "weight AUROC", "weight on wrong prompts", *(title for title, _ in METRICS.values()), "CPU s"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for arm in ARMS:
        found = results(output, arm)
        if found:
            cells = [_cell(values(found, metric)) for metric in ("weight_auroc", "wrong_mass", *METRICS)]
            seconds = f"{np.mean([each['cpu'] for each in found]):.0f}"
            lines.append(f"| {arm.name} | {' | '.join(cells)} | {seconds} |")
    return "\n".join(lines)


def _cell(held: list[float]) -> str:
    if not held:
        return "-"
    if len(held) == 1:
        return f"{held[0]:.3f}"
    score = own_score("t", "m", "higher", "seed", held)
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def write(output: Path, path: Path) -> None:
    """The study; every number is one of a seed."""
    from leaderboards.records.method_io import write_study
    from model_adapters.methods.bads.method import RECONSTRUCTED

    held = {arm.name: results(output, arm) for arm in ARMS}
    weighed = next(each for arm in ARMS if arm.rule for each in held[arm.name])
    made = MethodRecord(
        method="bads",
        title="BADS on a generator whose prompts were swapped",
        question="Do weights learnt beside a diffusion generator find images with another image's prompt, and does "
        "fine-tuning with them follow prompts better?",
        base="embedded generator (7.8 M parameters); weighing learns its attention layers, fine-tuning all",
        data=[
            DataUsed(
                name="phantom, prompts swapped", version=f"cohorts {COHORT} to {COHORT + 2}", subset="train, meta",
                hash=weighed["data"], licence="Apache-2.0, generated", credentialed=False,
            )
        ],
        arms=[_arm(arm, held[arm.name]) for arm in ARMS if held[arm.name]],
        reconstructed=list(RECONSTRUCTED),
        notes=[
            f"{SHARE:.0%} of the training images of a cohort had prompt and labels dealt out anew among themselves; "
            f"at most {TRUSTED} trusted images of other patients. Scores: chexgenbench on 80 clean prompts of test "
            "patients. Weight AUROC: weights, or the scores of a rule that keeps or drops, against which labels are "
            "wrong. Prompt gain: share of the denoising error of test images that their prompt saves.",
            "The base was trained on right prompts of another cohort and knows what they mean: asking it is a strong "
            "control, which a generator that is fine-tuned on a new domain could not offer.",
            "Intervals are over seeds, each another cohort, fault, meta set and fit. Seconds are of the "
            "processor, weighing, fine-tuning and scoring together.",
        ],
        command="python -m benchmarks.bads_generator --output runs/bads-generator --study study.json",
        revision=revision(),
        machine=f"one thread of a shared 2-core {platform.machine()} virtual machine under load",
    )  # fmt: skip
    write_study(path, made)


def _arm(arm: Arm, found: list[dict[str, Any]]) -> RecordArm:
    task = "phantom: prompts swapped"
    scores = []
    for metric, (title, direction) in {"weight_auroc": ("weight AUROC", "higher"), **METRICS}.items():
        held = values(found, metric)
        if held:
            scores.append(own_score(task, title, direction, "seed", held))  # type: ignore[arg-type]
        else:
            reason = "no weights" if metric == "weight_auroc" else "no generator was fine-tuned with these weights"
            scores.append(Score(task=task, metric=title, direction=direction, reason=reason))  # type: ignore[arg-type]
    weighing = {"rule": arm.rule, **WEIGHING, **arm.settings} if arm.rule else {}
    tuning = {f"tuning_{key}": value for key, value in TUNING.items()} if arm.name != "no fine-tuning" else {}
    return RecordArm(
        name=arm.name,
        role="method" if arm.rule == "bads" else "control",
        settings={**weighing, **(tuning if arm.tuned else {})},
        seeds=list(range(len(found))),
        budget={"meta_at_most": float(max(each.get("meta", TRUSTED) for each in found))},
        labelled=max(each.get("labelled", each.get("images", 0)) for each in found),
        trainable=max(each.get("trainable", each.get("tuned", 0)) for each in found),
        seconds=float(np.mean([each["cpu"] for each in found])),
        peak_memory_mb=float(max(each["peak_memory_mb"] for each in found)),
        scores=scores,
    )

"""The study that `benchmarks.satm_study` leaves for the methods board."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._timing import machine
from benchmarks.satm_study import ARMS, DATA, EACH, SETTINGS, SIDE
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, Score, own_score
from model_adapters.methods.satm.record import RECONSTRUCTED

ORDER = ("satm", "satm-rho-6", "truncated", "mtt", "ftd", "random", "herding", "generated")
"""The truncation without ascent is the control that the ascent must beat: differences are taken against it."""
LICENCES = {
    "folder-nih": "No restrictions on the use of the images; attribution: download site nihcc.app.box.com/v/"
    "ChestXray-NIHCC; X. Wang et al., ChestX-ray8, IEEE CVPR 2017, DOI 10.1109/CVPR.2017.369; the NIH Clinical Center "
    "is the data provider. Selection: T. Ozturk, M. Talo et al. 2020, DOI 10.1016/j.compbiomed.2020.103792."
}
"""Shorter than the folder's own text, with the attributions that it asks for."""
COSTS = ("seconds", "peak_memory_mb")
LOWER = ("held-out matching loss", "gap of an ascent step", "share taken for copies")
NOTES = (
    f"{EACH} images of {SIDE} px a class. Chosen and generated images are used as they are; learnt ones began with the "
    "images of the arm random of the same seed.",
    "Accuracy: mean over classes, on real test images at the same size; the matched network is trained on the images "
    "with the best of four step sizes on the real training images. Perturbed: after noise of one standard deviation.",
    "Matching loss and gap: on two experts of another seed. Seconds are of the processor, without decoding; memory "
    "includes what the process held before.",
    "Generated: the embedded generator, which was trained on phantoms and not on NIH. Hannover has no labels and no "
    "prompts, so classes are views, and neither generator nor utility metric applies.",
    "Copies: as copy_rate searches and calibrates, among the training images at the same size.",
)


def study_record(found: dict[str, Any], output: Path) -> MethodRecord:
    """Of the data sets of which every arm has every seed.

    Args:
        found: data/arm/seed -> scores and costs. output: folder of the study.
    """
    names = [name for name in DATA if any(key.startswith(f"{name}/") for key in found)]
    seeds = {name: sorted({int(key.split("/")[2]) for key in found if key.startswith(f"{name}/")}) for name in names}
    return MethodRecord(
        method="satm",
        title=f"Condensed chest images, {EACH} a class",
        question="Does a sharpness-aware ascent make images condensed by trajectory matching worth more?",
        data=[_data(output / name / "random-0" / "artifact.json") for name in names],
        base=f"{SETTINGS['network']}, fresh weights, 8 experts of 12 epochs",
        reconstructed=list(RECONSTRUCTED),
        notes=list(NOTES),
        command="python -m benchmarks.satm_study --study study.json",
        revision=subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        machine=machine("torch", "numpy")[:200],
        arms=[_arm(arm, found, names, seeds) for arm in ORDER if any(f"/{arm}/" in key for key in found)],
    )


def _arm(arm: str, found: dict[str, Any], names: list[str], seeds: dict[str, list[int]]) -> Arm:
    mine = {key: value for key, value in found.items() if f"/{arm}/" in key}
    learnt = arm not in ("random", "herding", "generated")
    return Arm(
        name=arm,
        role="method" if arm.startswith("satm") else "control",
        settings={**SETTINGS, **ARMS[arm]} if learnt else {},
        seeds=sorted({int(key.split("/")[2]) for key in mine}),
        budget={"images_per_class": EACH},
        trainable=2 * EACH * SIDE**2 + 1 if learnt else 0,
        seconds=round(float(np.mean([each["seconds"] for each in mine.values()])), 2),
        peak_memory_mb=round(float(np.mean([each["peak_memory_mb"] for each in mine.values()])), 0),
        scores=[score for name in names for score in _scores(arm, found, name, seeds[name])],
    )


def _scores(arm: str, found: dict[str, Any], name: str, seeds: list[int]) -> list[Score]:
    metrics = [each for each in found[f"{name}/random/{seeds[0]}"] if each not in COSTS]
    rows = [found.get(f"{name}/{arm}/{seed}") for seed in seeds]
    made = []
    for metric in metrics:
        task, direction = DATA[name].task, "lower" if metric in LOWER else "higher"
        if not all(rows):
            why = "no labels and no prompts to draw from" if name == "hannover" else "not run for every seed"
            made.append(Score(task=task, metric=metric, direction=direction, reason=why))  # type: ignore[arg-type]
            continue
        values = [float(row[metric]) for row in rows if row]
        made.append(own_score(task, metric, direction, "seed", values))  # type: ignore[arg-type]
    return made


def _data(path: Path) -> DataUsed:
    facts = json.loads(path.read_text("utf-8"))["record"]["data"][0]
    licence = LICENCES.get(facts["name"], facts["licence"])
    return DataUsed(**{**facts, "subset": "train, test", "licence": licence})


def _revision() -> str:
    told = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    return told.stdout.strip()

"""The studies that `benchmarks.satm_study` leaves for the methods board, one a data set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks._timing import machine, revision
from benchmarks.satm_study import ARMS, COSTS, DATA, EACH, SETTINGS, SIDE, runs_of
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, Score, own_score
from model_adapters.methods.satm.record import RECONSTRUCTED

ORDER = (
    "satm", "satm-rho-6", "satm-rho-6-ftd", "satm-rho-6-dsa", "truncated", "truncated-dsa", "truncated-zca", "mtt",
    "ftd", "random", "herding", "generated",
)  # fmt: skip
"""The truncation without ascent is the control that the ascent must beat: differences are taken against it."""
LICENCES = {
    "folder-nih": "No restrictions on the use of the images; attribution: download site nihcc.app.box.com/v/"
    "ChestXray-NIHCC; X. Wang et al., ChestX-ray8, IEEE CVPR 2017, DOI 10.1109/CVPR.2017.369; the NIH Clinical Center "
    "is the data provider. Selection: T. Ozturk, M. Talo et al. 2020, DOI 10.1016/j.compbiomed.2020.103792.",
    "folder-hannover": "COVID-19 Image Repository, H. B. Winther, H. Laser, S. Gerbel, S. K. Maschke, J. B. Hinrichs, "
    "J. Vogel-Claussen, F. K. Wacker, M. M. Höper, B. C. Meyer; Institute for Diagnostic and Interventional Radiology, "
    "Hannover Medical School, 2020. DOI 10.6084/m9.figshare.12275009. CC BY 3.0, "
    "https://creativecommons.org/licenses/by/3.0/. Changes: images reduced, columns chosen, a split added.",
}
"""Shorter than the folders' own texts, with the attributions that they ask for."""
LOWER = ("held-out matching loss", "gap of an ascent step", "share taken for copies")
NOTES = (
    f"{EACH} images of {SIDE} px a class. Chosen and generated images are used as they are; learnt ones began with the "
    "images of the arm random of the same seed.",
    "Accuracy: mean over classes, on real test images at the same size; the matched network is trained on the images "
    "with the best of four step sizes on the real training images. Perturbed: after noise of one standard deviation.",
    "Matching loss and gap: on two experts of another seed. Seconds are of the processor, without decoding; memory "
    "includes what the process held before.",
    "Held-out experts are plain ones for every arm, also where its own saw augmented images or were trained by GSAM.",
    "Augmentation (dsa): color, crop, cutout, scale and rotate, no flip. Trained with augmentation, trained whitened: "
    "the same images of every arm, the network trained under each.",
    "Generated: the embedded generator, which was trained on phantoms only.",
    "Copies: as copy_rate searches and calibrates, among the training images at the same size.",
)


OF_VIEWS = (
    "Hannover has no labels and no reports: classes are views, prompts say view and sex, and the probe tells views."
)


def study_record(found: dict[str, Any], name: str, output: Path) -> MethodRecord:
    """Of a data set, over the seeds that have every arm.

    Args:
        found: data/arm/seed -> scores and costs. output: folder of the study.
    """
    runs, data = runs_of(found, name), DATA[name]
    seeds = sorted({int(key.split("/")[2]) for key in found if key.startswith(f"{name}/")})[: len(runs)]
    return MethodRecord(
        method="satm",
        title=f"Condensed {data.images}, {EACH} a class",
        question="Does a sharpness-aware ascent make images condensed by trajectory matching worth more?",
        data=[_data(output / name / f"random-{seeds[0]}" / "artifact.json")],
        base=f"{SETTINGS['network']}, fresh weights, 8 experts of 12 epochs",
        reconstructed=list(RECONSTRUCTED),
        notes=[*NOTES, *([OF_VIEWS] if name == "hannover" else [])],
        command=f"python -m benchmarks.satm_study --data {name} --first {seeds[0]} --seeds {len(seeds)} --studies DIR",
        revision=revision(),
        machine=machine("torch", "numpy")[:200],
        arms=[_arm(arm, runs, name, seeds) for arm in ORDER if arm in runs[0]],
    )


def _arm(arm: str, runs: list[dict[str, dict[str, float]]], name: str, seeds: list[int]) -> Arm:
    mine = [run[arm] for run in runs]
    learnt = arm not in ("random", "herding", "generated")
    return Arm(
        name=arm,
        role="method" if arm.startswith("satm") else "control",
        settings={**SETTINGS, **ARMS[arm]} if learnt else {},
        seeds=seeds,
        budget={"images_per_class": EACH},
        trainable=2 * EACH * SIDE**2 + 1 if learnt else 0,
        seconds=round(float(np.mean([each["seconds"] for each in mine])), 2),
        peak_memory_mb=round(float(np.mean([each["peak_memory_mb"] for each in mine])), 0),
        scores=[_score(metric, mine, DATA[name].task) for metric in runs[0]["random"] if metric not in COSTS],
    )


def _score(metric: str, mine: list[dict[str, float]], task: str) -> Score:
    direction: Literal["lower", "higher"] = "lower" if metric in LOWER else "higher"
    if metric not in mine[0]:
        return Score(task=task, metric=metric, direction=direction, reason="its step size is of the whitened space")
    return own_score(task, metric, direction, "seed", [float(row[metric]) for row in mine])


def _data(path: Path) -> DataUsed:
    facts = json.loads(path.read_text("utf-8"))["record"]["data"][0]
    licence = LICENCES.get(facts["name"], facts["licence"])
    return DataUsed(**{**facts, "subset": "train, test", "licence": licence})

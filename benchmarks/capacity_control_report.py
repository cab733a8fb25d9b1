"""Table, plots and study of `benchmarks.capacity_control`, from the arms that are done."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._timing import machine
from benchmarks.capacity_control import BATCH, FAMILIES, IMAGES, METRICS, MITIGATIONS, STEPS
from chexgenbench.tune.objective import results_of
from data_splits.integrity import write_text
from leaderboards.records.io import read_record
from leaderboards.records.method_record import Arm, DataUsed, MethodRecord, Score, own_score
from leaderboards.records.statistics_store import StatisticsReader
from leaderboards.reporting.forest import Estimated
from leaderboards.reporting.scatter import Axis, Point, scatter
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.mean_over_units import difference_over_units, mean_over_units
from leaderboards.statistics.pareto import pareto_front

FIDELITY, MEMORISATION = "kid_lite0", "nn_ratio_grey64"
"""On the axes of the plots: membership AUROC of eight patients says as much of those patients as of the model."""

BY_PATIENT = ("nn_ratio_grey64", "extraction_grey64")
"""Shares with a number for each training patient: their intervals are over patients, the models held fixed."""

TITLES = {
    "kid_lite0": "KID (lite0)",
    "mia_auroc_grey64": "membership AUROC",
    "nn_ratio_grey64": "singled out",
    "extraction_grey64": "extracted",
    "noise_norm": "noise norm AUROC",
}
DATA = {"nih": "NIH", "phantom": "phantom"}
DECIMALS = {"kid_lite0": 3}
Key = tuple[str, str, str]
"""Data set, family, mitigation."""


def arms_of(output: Path) -> dict[Key, list[dict[str, Any]]]:
    """Finished arms by key, in the order of their seeds, each with its shares by patient."""
    found: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(output.glob("*/arm.json")):
        arm = json.loads(path.read_text("utf-8"))
        arm["patients"] = {metric: shares(path.parent / "run", metric) for metric in BY_PATIENT}
        found[arm["data"], arm["family"], arm["mitigation"]].append(arm)
    return {key: sorted(each, key=lambda arm: arm["seed"]) for key, each in found.items()}


def shares(run: Path, metric: str) -> list[float]:
    """Share of each training patient's draws (extraction: 0 or 1) above the held-out level, in the order of patients.

    Raises:
        ValueError: their mean is not the record's value.
    """
    record = read_record(run)
    result = results_of(record)[metric]
    arrays = StatisticsReader(run / "statistics").arrays(str(result.statistics))
    flags = (arrays["scores"] > arrays["threshold"][0]).astype(float)
    of = np.unique(arrays["cluster"], return_inverse=True)[1].reshape(-1)
    each = np.bincount(of, flags) / np.bincount(of)
    if result.value is None or abs(float(each.mean()) - result.value) > 1e-9:
        raise ValueError(f"{run}: {metric} is {result.value}, its patients give {each.mean()}")
    return [float(share) for share in each]


def values_of(arms: Sequence[Mapping[str, Any]], metric: str) -> list[float]:
    """One value a seed, or one a patient of all seeds."""
    if metric in BY_PATIENT:
        return [share for arm in arms for share in arm["patients"][metric]]
    return [float(arm["results"][metric]["value"]) for arm in arms]


def mean_of(arms: Sequence[Mapping[str, Any]], metric: str) -> Estimate:
    """Mean with its interval: over patients or, for a metric of whole runs, over seeds."""
    by_patient = metric in BY_PATIENT
    return mean_over_units(values_of(arms, metric), "patient" if by_patient else "seed", indicator=by_patient)


def name_of(family: str, mitigation: str) -> str:
    """ "lora + tokens"."""
    return family + (f" + {mitigation}" if mitigation else "")


def _ordered(arms: Mapping[Key, Sequence[dict[str, Any]]], data: str) -> Iterator[tuple[Key, Sequence[dict[str, Any]]]]:
    """(key, arms) of a data set in the order of the table."""
    for mitigation in MITIGATIONS:
        for family in ("freeze", *FAMILIES):
            if (data, family, mitigation) in arms:
                yield (data, family, mitigation), arms[data, family, mitigation]


def markdown(arms: Mapping[Key, Sequence[dict[str, Any]]], data: str) -> str:
    """The table of a data set, and the paired differences from the base and from full fine-tuning."""
    head = ["arm", "trained", "loss", "seeds", *(f"{TITLES[metric]} ↓" for metric in METRICS)]
    lines = [_line(head), _line(["---"] * len(head))]
    for (_, family, mitigation), held in _ordered(arms, data):
        name = name_of(family, mitigation)
        cells = [_cell(mean_of(held, metric), metric) for metric in METRICS]
        losses = [float(arm["loss"]) for arm in held if arm["loss"] is not None]
        loss = f"{np.mean(losses):.2f}" if losses else ""
        lines.append(_line([name, f"{held[0]['trainable']:,}", loss, str(len(held)), *cells]))
    for control in ("freeze", "full", ""):
        differences = list(_differences(arms, data, control))
        if differences:
            whom = f"`{control}`" if control else "the same family without a mitigation"
            lines += ["", f"Differences from {whom}, on the same training patients:", ""]
            head = ["arm", "seeds", *(TITLES[metric] for metric in METRICS)]
            lines += [_line(head), _line(["---"] * len(head)), *differences]
    return "\n".join(lines) + "\n"


def _differences(arms: Mapping[Key, Sequence[dict[str, Any]]], data: str, control: str) -> Iterator[str]:
    """Less the same seed's control: the same training patients, so what makes them easy or hard to tell cancels.

    Args:
        control: a family; "" for each mitigated arm's own.
    """
    for (of, family, mitigation), held in _ordered(arms, data):
        if (bool(mitigation) == bool(control)) or family in (control, "freeze"):
            continue
        beside = {arm["seed"]: arm for arm in arms.get((of, control or family, ""), [])}
        shared = [arm for arm in held if arm["seed"] in beside]
        if not shared:
            continue
        cells = [str(len(shared))]
        for metric in METRICS:
            theirs = values_of([beside[arm["seed"]] for arm in shared], metric)
            per = "patient" if metric in BY_PATIENT else "seed"
            cells.append(_cell(difference_over_units(values_of(shared, metric), theirs, per), metric, sign="+"))
        yield _line([name_of(family, mitigation), *cells])


def _cell(found: Estimate, metric: str, sign: str = "") -> str:
    style = f"{sign}.{DECIMALS.get(metric, 2)}f"
    assert found.value is not None
    if found.low is None or found.high is None:
        return f"{found.value:{style}}"
    return f"{found.value:{style}} ({found.low:{style}} to {found.high:{style}})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def drawing(arms: Mapping[Key, Sequence[dict[str, Any]]], data: str) -> str:
    """Singled-out share across, KID up, of the arms without a mitigation: those have the same seeds."""
    held = [(key[1], each) for key, each in _ordered(arms, data) if not key[2]]
    means = [tuple(mean_of(each, metric) for metric in (MEMORISATION, FIDELITY)) for _, each in held]
    front = pareto_front([[-float(each.value or 0) for each in pair] for pair in means])
    points = [
        Point(name, _estimated(pair[0]), _estimated(pair[1]), bool(kept), f"{each[0]['trainable']:,} parameters")
        for (name, each), pair, kept in zip(held, means, front, strict=True)
    ]
    title = f"{DATA[data]}: fidelity against memorisation, {IMAGES} training images"
    across, up = Axis("share of draws that single out their training patient", "lower"), Axis(TITLES[FIDELITY], "lower")
    return scatter(f"capacity-control-{data}", title, across, up, points).standalone


def _estimated(found: Estimate) -> Estimated:
    assert found.value is not None
    return Estimated(found.value, found.low, found.high)


def study(
    arms: Mapping[Key, Sequence[dict[str, Any]]], data: Sequence[str], revision: str, used: list[DataUsed]
) -> MethodRecord:
    """The method record: the arms that were run on every data set over as many seeds as full fine-tuning."""
    asked = [("full", ""), ("freeze", ""), ("full", "stopped"), *((family, "") for family in FAMILIES[1:])]
    seeds = {name: len(arms[name, "full", ""]) for name in data}
    whole = [each for each in asked if all(len(arms.get((name, *each), ())) == seeds[name] for name in data)]

    def scores(family: str, mitigation: str) -> list[Score]:
        return [
            own_score(
                f"{DATA[name]}, {IMAGES} images", metric, "lower", "patient" if metric in BY_PATIENT else "seed",
                values_of(arms[name, family, mitigation], metric),
            )
            for name in data
            for metric in METRICS
        ]  # fmt: skip

    def arm(family: str, mitigation: str) -> Arm:
        held = [each for name in data for each in arms[name, family, mitigation]]
        return Arm(
            name=name_of(family, mitigation),
            role="control" if family in ("full", "freeze") else "method",
            settings={"learning_rate": held[0]["learning_rate"], "batch": BATCH, "images": IMAGES},
            seeds=sorted({each["seed"] for each in held}),
            budget={"steps": float(held[0]["steps"])},
            trainable=held[0]["trainable"],
            seconds=sum(each["seconds"]["training_cpu"] for each in held) / len(held),
            scores=scores(family, mitigation),
        )

    from model_adapters.methods.capacity_control.method import RECONSTRUCTED

    return MethodRecord(
        method="capacity-control",
        title=f"Fine-tuning the embedded generator on {IMAGES} images",
        question="Does fine-tuning with fewer parameters memorise less, and at what cost in fidelity?",
        base="embedded generator",
        data=used,
        arms=[arm(*each) for each in whole],
        reconstructed=list(RECONSTRUCTED),
        notes=[
            f"{STEPS} steps of {BATCH}; learning rates are ours, one a family, and decide with the family.",
            "A seed is other training patients, another order and other noise; held-out cases and noise are shared.",
            "Seconds are processor seconds of the training.",
            "Singled out and extracted: a value a training patient, with the fine-tuned models held fixed.",
        ],
        command="python -m benchmarks.capacity_control --output DIR",
        revision=revision,
        machine=machine()[:200],
    )


def write(output: Path, data: Sequence[str], images: Path) -> str:
    """Write the plots into `images`; gives back the tables."""
    arms = arms_of(output)
    tables = []
    for name in data:
        if any(key[0] == name for key in arms):
            write_text(images / f"capacity-control-{name}.svg", drawing(arms, name))
            tables.append(f"### {DATA[name]}\n\n{markdown(arms, name)}")
    return "\n".join(tables)

"""The condensed images as an ordinary split folder, and what else a reader or a training on them needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.case import Case
from data_splits.integrity import atomic_write, sha256_bytes, write_json, write_text
from data_splits.materialise import materialise
from data_splits.split import Split
from model_adapters.methods.satm.classes import ClassRule

SUBSET = "train"


@dataclass(frozen=True)
class Result:
    """Images of every class, class after class.

    Attributes:
        pixels: uint8[n, side, side]. targets: int64[n].
        origins: the real case that each started from, or that it is.
        learnt: nothing shows a patient as acquired; False for chosen real images.
        exact: float32[n, 1, side, side], standardised, before rounding. facts: for condensed.json.
    """

    pixels: NDArray[np.uint8]
    targets: NDArray[np.int64]
    origins: Sequence[Case]
    learnt: bool
    exact: NDArray[np.float32]
    facts: Mapping[str, Any]


def write_split(folder: Path, source: Split, rule: ClassRule, result: Result, method: str) -> Split:
    """Write cases.csv, images/, pairs.csv, condensed.json, condensed.safetensors, README.md and ATTRIBUTION.md.

    A learnt image counts as a patient of its own; a chosen one keeps its patient (hashed where credentialed). Labels
    say what the class says and nothing else. The mark of a credentialed source goes with the folder.
    """
    from safetensors.numpy import save

    cases = tuple(_case(source, rule, result, row) for row in range(len(result.targets)))
    pixels = {case.id: result.pixels[row] for row, case in enumerate(cases)}
    split = Split(
        name=f"{method}-of-{source.name}",
        version="1",
        licence=f"Condensed from {source.name}: {source.licence}",
        credentialed=source.credentialed,
        subsets={SUBSET: tuple(sorted(cases, key=lambda case: case.id))},
        read_image=lambda case: pixels[case.id],
        evaluation=SUBSET,
    )
    # The folder stays where the user runs the method; that is no release, and it carries the mark.
    materialise(split, folder, include_credentialed=True)
    write_text(folder / "pairs.csv", _pairs(source, rule, result, cases))
    with atomic_write(folder / "condensed.safetensors") as stream:
        stream.write(save({"images": np.ascontiguousarray(result.exact), "targets": result.targets}))
    write_json(folder / "condensed.json", dict(result.facts))
    write_text(folder / "README.md", data_card(split, source, rule, result, method))
    return split


def data_card(split: Split, source: Split, rule: ClassRule, result: Result, method: str) -> str:
    """README.md: what it is, by which rule, what it must not be used for, how to load it."""
    side, mark = result.pixels.shape[1], " --split-option credentialed=true" if source.credentialed else ""
    counts = {name: int((result.targets == number).sum()) for number, name in enumerate(rule.names)}
    shown = (
        "Learnt images: they started from real ones, were changed to teach a small network, and may still show a "
        "patient of the training set. Measure it before you share them (docs/satm.md)."
        if result.learnt
        else "These are real images of patients, at a smaller size."
    )
    lines = [
        f"# {split.name}",
        "",
        *(["**Do not upload or share this folder.** It is derived from a credentialed data set.", ""] * bool(mark)),
        f"{len(result.targets)} images of {side} px, made by `{method}` from {source.name} (version {source.version}). "
        f"{shown} Not for diagnosis.",
        "",
        "| class | images |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in counts.items()),
        "",
        f"Class rule: {rule.sentence} Other labels are unknown here.",
        "",
        f"- `chexgenbench utility --train folder:THIS_FOLDER{mark} --test SPLIT` (20 images or more).",
        "- `pairs.csv` names the case that each image started from, and gives it a test case of its class as `id`: "
        "`chexgenbench eval --model images:THIS_FOLDER/pairs.csv --split SPLIT --allow-missing --metrics copy_rate "
        "--encoders grey64` searches the training images for it.",
        "- `condensed.safetensors` holds the images before rounding, `condensed.json` their step size.",
        "",
    ]
    return "\n".join(lines)


def _case(source: Split, rule: ClassRule, result: Result, row: int) -> Case:
    number = int(result.targets[row])
    slug = "".join(letter if letter.isalnum() else "-" for letter in rule.names[number].lower())
    name = f"{slug}-{int((result.targets[:row] == number).sum()):04d}"
    patient = f"learnt-{name}" if result.learnt else _patient(source, result.origins[row])
    return Case(id=name, patient=patient, **rule.told(number))  # type: ignore[arg-type]


def _pairs(source: Split, rule: ClassRule, result: Result, cases: Sequence[Case]) -> str:
    """Each image beside the case it started from, and beside one of the evaluated cases of its class while they last:
    as if it had been drawn for that case, so that every metric of generated images applies."""
    left: dict[int, list[str]] = {number: [] for number in range(len(rule.names))}
    for case in source.cases(source.evaluation):
        number = rule.of(case)
        if number is not None:
            left[number].append(case.id)
    lines = ["id,started_from,image"]
    for case, origin, target in zip(cases, result.origins, result.targets.tolist(), strict=True):
        drawn_for = left[target].pop(0) if left[target] else ""
        lines.append(f"{drawn_for},{origin.id},images/{case.id}.png")
    return "\n".join([*lines, ""])


def _patient(source: Split, case: Case) -> str:
    if not source.credentialed:
        return case.patient
    return sha256_bytes(f"{source.name}/{source.version}/patient/{case.patient}".encode())[:16]

"""The training set: the phantom's train subset, rendered once, with the truth that the text encoder learns to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS
from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.generators.embedded_training.loop import Say
from model_adapters.generators.embedded_training.plan import Plan

if TYPE_CHECKING:
    from data_splits.phantom.cohort import PhantomStudy

DEVICES = ("endotracheal tube", "central line", "pacemaker", "chest tube", "sternal wires", "nasogastric tube")
LOBES = ("right upper", "right middle", "right lower", "left upper", "lingula", "left lower")
SIDES = ("left", "right")


@dataclass(frozen=True)
class Phantoms:
    """Rendered studies.

    Attributes:
        images: uint8 [n, size, size].
        prompts: n strings.
        labels: uint8 [n, 14], CheXpert order.
        truths: float32 [n, k], what a prompt says about the picture (see `truth_of`).
        patients: n strings, the group key.
    """

    images: NDArray[np.uint8]
    prompts: list[str]
    labels: NDArray[np.uint8]
    truths: NDArray[np.float32]
    patients: list[str]


def truth_of(study: PhantomStudy) -> list[float]:
    """Labels, physical sizes by side, lobes, devices, view, sex and age of a study, each of order one."""
    f = study.findings
    return [
        *(float(study.labels[name]) for name in CHEXPERT_LABELS),
        (f.ctr - 0.45) / 0.1,
        f.effusion_left / 60,
        f.effusion_right / 60,
        *(f.pneumothorax / 30 if f.pneumothorax_side == side else 0.0 for side in SIDES),
        *(f.atelectasis / 20 if f.atelectasis_side == side else 0.0 for side in SIDES),
        *(max((c.density for c in f.consolidations if c.lobe == lobe), default=0.0) for lobe in LOBES),
        *(max((x.radius for x in f.lesions if x.side == side), default=0.0) / 14 for side in SIDES),
        *(float(any(x.side == side for x in f.fractures)) for side in SIDES),
        *(f.thickening / 10 if f.thickening_side == side else 0.0 for side in SIDES),
        f.edema / 0.6,
        f.wide_mediastinum / 20,
        *(float(device in f.devices) for device in DEVICES),
        float(study.view == "AP"),
        float(study.sex == "M"),
        (study.age - 55) / 20,
    ]


def load_phantoms(plan: Plan, folder: Path, say: Say, subset: str = "train") -> Phantoms:
    """The rendered subset, from `folder/phantoms-<subset>.npz` if it is there (about 30 ms an image if not)."""
    path = folder / f"phantoms-{subset}.npz"
    if not path.exists():
        _render(plan, path, say, subset)
    with np.load(path) as file:
        if str(file["plan"]) != plan.fingerprint("phantoms"):
            raise UserError(f"{path} is of a run with other settings. Choose another --output, or delete it.")
        prompts, patients = [str(x) for x in file["prompts"]], [str(x) for x in file["patients"]]
        return Phantoms(file["images"], prompts, file["labels"], file["truths"], patients)


def _render(plan: Plan, path: Path, say: Say, subset: str) -> None:
    from data_splits.phantom.cohort import phantom_studies
    from data_splits.phantom.rendering import render

    studies = list(phantom_studies(plan.phantom_seed, subset, plan.patients))
    images = np.empty((len(studies), plan.size, plan.size), np.uint8)
    for i, study in enumerate(studies):
        images[i] = render(study, plan.size)
        if (i + 1) % 500 == 0 or i + 1 == len(studies):
            say(f"phantoms {i + 1}/{len(studies)} rendered")
    with atomic_write(path) as stream:
        np.savez(
            stream,
            images=images,
            prompts=np.array([s.prompt for s in studies]),
            labels=np.array([[s.labels[name] for name in CHEXPERT_LABELS] for s in studies], np.uint8),
            truths=np.array([truth_of(s) for s in studies], np.float32),
            patients=np.array([s.patient_id for s in studies]),
            plan=np.array(plan.fingerprint("phantoms")),
        )

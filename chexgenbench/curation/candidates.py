"""The images that are up for curation: samples of a run, or a split of images with prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from chexgenbench.lazy_images import GreyImage
from chexgenbench.plan import Plan, resolve
from chexgenbench.run_folder import RunFolder
from chexgenbench.stages.generate import open_samples
from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.sources import load_split
from data_splits.split import Split

PARTS = ("train", "test", "all")


@dataclass(frozen=True)
class Candidate:
    """One image.

    Attributes:
        id: unique in the new data set. case: whose prompt and labels it was drawn for.
        load: its pixels. sha256: of them, where known. seed, draw: of a generated sample.
    """

    id: str
    case: Case
    load: Callable[[], GreyImage]
    sha256: str | None = None
    seed: int | None = None
    draw: int = 0


@dataclass(frozen=True)
class Pool:
    """All candidates with where they come from.

    Attributes:
        split: whose prompts (and, for a run, real images) these are. name: for people.
        model: card of the generator as its run holds it, or None. real: real images with labels, or None.
        failed: samples that were asked for and have no image.
    """

    candidates: tuple[Candidate, ...]
    split: Split
    name: str
    model: dict[str, Any] | None = None
    real: tuple[Split, tuple[Case, ...]] | None = None
    failed: int = 0


def of_run(run: Path, part: str) -> Pool:
    """Samples of a run that were drawn for training cases ("train"), evaluated cases ("test") or both ("all").

    Raises:
        UserError: nothing was drawn for them.
    """
    folder = RunFolder(run)
    plan = resolve(folder.config())
    store = open_samples(folder)
    cases = _cases(plan, part)
    rows = [row for _, row in sorted(store.rows.items()) if row.case_id in cases]
    found = tuple(
        Candidate(
            row.case_id if row.draw == 0 else f"{row.case_id}-d{row.draw}",
            cases[row.case_id],
            partial(store.load, row),
            row.image_sha256,
            row.seed,
            row.draw,
        )
        for row in rows
        if row.status == "ok"
    )
    if not found:
        hint = "Draw some with --metrics utility_auroc, or choose --part test." if part == "train" else ""
        raise UserError(f"{run} has no image drawn for {part} cases. {hint}".rstrip())
    real = real_images(plan.split, {case.patient for case in plan.cases})
    return Pool(found, plan.split, run.name, dict(store.key["model"]), real, len(rows) - len(found))


def of_split(spec: str, real: str | None, options: dict[str, str]) -> Pool:
    """Every image of a split that has prompts.

    Args:
        real: split with real labelled images for the label grader, or None.

    Raises:
        UserError: an image without a prompt.
    """
    split = load_split(spec, **options)
    cases = [case for subset in sorted(split.subsets) for case in split.subsets[subset]]
    mute = sum(case.prompt is None for case in cases)
    if mute:
        raise UserError(f"{mute} of {len(cases)} images of {spec} have no prompt: nothing to grade them against.")
    found = tuple(Candidate(case.id, case, partial(split.read_image, case)) for case in cases)
    return Pool(found, split, split.name, None, None if real is None else real_images(load_split(real)))


def _cases(plan: Plan, part: str) -> dict[str, Case]:
    trained: Sequence[Case] = (*plan.synthetic, *plan.probes)
    chosen = {"train": trained, "test": plan.cases, "all": (*trained, *plan.cases)}[part]
    return {case.id: case for case in chosen}


def real_images(split: Split, evaluated: Set[str] = frozenset()) -> tuple[Split, tuple[Case, ...]] | None:
    """The real training images of a split that have labels, without patients under evaluation."""
    subset = "train" if "train" in split.subsets else split.evaluation
    cases = tuple(case for case in split.cases(subset) if case.patient not in evaluated and case.labels)
    return (split, cases) if cases else None

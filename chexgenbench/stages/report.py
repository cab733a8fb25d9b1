"""Stage 4: one page and a CSV from the record; nothing is computed again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chexgenbench.gallery import read_gallery
from chexgenbench.plan import CHOICE_SEED, Plan
from chexgenbench.report import ImagePair, write_report
from chexgenbench.run_folder import RunFolder
from chexgenbench.selection import one_per_patient
from chexgenbench.stages.generate import open_samples
from data_splits.case import Case
from data_splits.errors import ImageUnreadable


def run(folder: RunFolder, plan: Plan) -> Path:
    """Write report.html and results.csv and return the page's path."""
    with folder.stage("report"):
        return write_report(
            folder.root,
            lambda count: _pairs(folder, plan, count),
            lambda count: _suspicious(folder, plan, count),
            show_credentialed=plan.config.show_credentialed,
        )


def _suspicious(folder: RunFolder, plan: Plan, count: int) -> Sequence[ImagePair]:
    """The images that look most like copies, each beside its nearest training image."""
    store = open_samples(folder)
    rows = store.rows
    training = {case.id: case for case in plan.corpus}
    pairs = []
    for each in read_gallery(folder.gallery)[:count]:
        row, near = rows.get((each.case_id, each.draw)), training.get(each.neighbour)
        if row is None or near is None:
            continue
        try:
            real, drawn = plan.split.read_image(near), store.load(row)
        except (ImageUnreadable, FileNotFoundError):
            continue
        if each.flipped:
            drawn = np.ascontiguousarray(drawn[:, ::-1])
        verdict = "counts as a copy" if each.is_copy else "not above the threshold"
        seen = ", mirrored back" if each.flipped else ""
        own = "its own prompt's image" if each.own else "another case's image"
        pairs.append(ImagePair(real, drawn, f"correlation {each.score:.3f}, {verdict}; {own}{seen}"))
    return pairs


def _pairs(folder: RunFolder, plan: Plan, count: int) -> Sequence[ImagePair]:
    """Pairs of different patients: two thirds with findings, so that the sheet shows more than normal chests."""
    store = open_samples(folder)
    rows = {case_id: row for (case_id, draw), row in store.rows.items() if draw == 0 and row.status == "ok"}
    drawn = [case for case in plan.cases if case.id in rows]
    normal = [case for case in drawn if case.labels.get("No Finding") == 1]
    findings = [case for case in drawn if case.labels.get("No Finding") != 1]
    few = min(count // 3, len(normal))
    chosen = [
        *one_per_patient(findings, count - few, "contact sheet", CHOICE_SEED),
        *one_per_patient(normal, few, "contact sheet", CHOICE_SEED),
    ]
    pairs = []
    for case in chosen:
        try:
            real = plan.split.read_image(case)
        except (ImageUnreadable, FileNotFoundError):
            continue
        pairs.append(ImagePair(real, store.load(rows[case.id]), _caption(case)))
    return pairs


def _caption(case: Case) -> str:
    return case.prompt or ", ".join(name for name, value in sorted(case.labels.items()) if value == 1) or case.id

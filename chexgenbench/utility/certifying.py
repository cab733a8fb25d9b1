"""A certificate of a classifier: the test-set bound on its error on one finding, from one image a patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from chexgenbench.utility.labels import targets
from chexgenbench.utility.measure import Predicted
from chexgenbench.utility.standalone import Part, Task
from data_splits.case import CHEXPERT_LABELS, Case
from data_splits.errors import UserError
from leaderboards.statistics.certificates.attach import attach, draw, elsewhere
from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.claim import Source

THRESHOLD = 0.5
"""Above it the classifier says "present": fixed before any case is seen, so that nothing is paid for it."""


@dataclass(frozen=True)
class Wanted:
    """What is to be certified. label: one of CHEXPERT_LABELS. cases: patients. statement: of a trained predictor."""

    label: str
    cases: int
    statement: str | None = None


def wanted(label: str, cases: int, statement: str | None, task: Task) -> Wanted:
    """The request, checked before anything is trained.

    Raises:
        UserError: an unknown finding, too few patients of whom it is known, or a trained predictor without a statement.
    """
    known = {each.casefold(): each for each in CHEXPERT_LABELS}
    if label.casefold() not in known:
        near = get_close_matches(label, CHEXPERT_LABELS, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(CHEXPERT_LABELS)}."
        raise UserError(f"--certify {label!r} is no finding. {hint}")
    found = Wanted(known[label.casefold()], cases, statement)
    if task.trained is not None:
        elsewhere(statement)
    _drawn(task.test.cases, found)
    return found


def certificate_of(task: Task, found: Predicted, asked: Wanted) -> tuple[Certificate, float]:
    """The certificate of the first training of the first arm, and the error of the constant answer on its sample.

    It is the predictor that `--save` keeps, or the trained one.

    Raises:
        Refused: a patient, case or image of the sample is among those of training.
    """
    cases = found.reference.cases
    rows = _drawn(cases, asked)
    column = CHEXPERT_LABELS.index(asked.label)
    true = targets([cases[row] for row in rows])[:, column] > THRESHOLD
    arm, probability = next(iter(found.probability.items()))
    said = probability[0][rows, column] > THRESHOLD
    certificate = attach(
        f"{found.classifier}, trained on {task.train.name} ({arm})" if task.train else f"{found.classifier}",
        _case_set(task.test, [cases[row] for row in rows]),
        said != true,
        _sources(task, arm, asked),
        loss_name=f"error on {asked.label}",
    )
    share = float(true.mean())
    return certificate, min(share, 1 - share)


def _drawn(cases: Sequence[Case], asked: Wanted) -> list[int]:
    """Rows of the sample, among the cases of which the finding is known."""
    known = np.flatnonzero(~np.isnan(targets(cases)[:, CHEXPERT_LABELS.index(asked.label)])).tolist()
    try:
        held = draw([cases[row].id for row in known], [cases[row].patient for row in known], asked.cases)
    except UserError as error:
        raise UserError(f"{error} {asked.label} is known of no more; give fewer with --certify-cases.") from None
    return [known[row] for row in held]


def _sources(task: Task, arm: str, asked: Wanted) -> list[Source]:
    if task.train is None:
        return [elsewhere(asked.statement)]
    parts = [task.train] if arm in ("tstr", "augmented", "mixed") else []
    parts += [task.real] if task.real is not None and arm != "tstr" else []
    return [Source("training", part.name, _case_set(part, part.cases)) for part in parts]


def _case_set(part: Part, cases: Sequence[Case]) -> CaseSet:
    """Ids, patients and, where the manifest has them all, hashes of images."""
    hashes = {each.id: each.image_sha256 for each in part.split.manifest.entries}
    images = [hashes.get(case.id) for case in cases]
    held = tuple(each for each in images if each is not None)
    ids, patients = tuple(case.id for case in cases), tuple(case.patient for case in cases)
    return CaseSet(ids, patients, held if len(held) == len(cases) else ())

"""The plain certificate that a benchmark run can carry: the test-set bound on cases drawn without their losses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import sha256_bytes
from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.certify import certify
from leaderboards.statistics.certificates.claim import Claim, Source


def draw(cases: Sequence[str], patients: Sequence[str], n: int) -> list[int]:
    """Rows of n cases of n different patients, the same for every model.

    One case of each patient and then n of them, both by the least hash of their ids: no loss is looked at.

    Raises:
        UserError: there are fewer patients, or fewer than one is asked for.
    """
    least: dict[str, tuple[str, int]] = {}
    for row, (case, patient) in enumerate(zip(cases, patients, strict=True)):
        key = (sha256_bytes(f"keep\n{case}".encode()), row)
        least[patient] = min(least.get(patient, key), key)
    if not 1 <= n <= len(least):
        raise UserError(f"A certificate from {n} patients needs that many; there are {len(least)}.")
    order = sorted(least, key=lambda patient: sha256_bytes(f"draw\n{patient}".encode()))
    return sorted(least[patient][1] for patient in order[:n])


def attach(
    subject: str,
    sample: CaseSet,
    errors: NDArray[np.bool_],
    sources: Sequence[Source],
    *,
    loss_name: str = "error",
    delta: float = 0.05,
) -> Certificate:
    """The test-set bound of one fixed model.

    Args:
        subject: what is certified, for readers. sample: from `draw`. errors: bool[n], in the sample's order.
        sources: what the model was trained on.

    Raises:
        Refused: a rule is broken, such as a patient of the sample among those of training; one line.
    """
    return certify(
        Claim(
            subject=subject,
            family="held-out",
            predictor="deterministic",
            loss="zero-one",
            loss_name=loss_name,
            delta=delta,
            sample=sample,
            losses=np.asarray(errors, np.float64),
            looked_at=1,
            sources=tuple(sources),
        )
    )


def elsewhere(statement: str | None) -> Source:
    """Training data that is known by a statement only.

    Raises:
        UserError: nothing is said.
    """
    if not statement or not statement.strip():
        raise UserError(
            "A certificate must say why training saw none of its cases: --trained-elsewhere 'trained on ...'."
        )
    return Source("training", "training data without a list", statement=statement.strip())

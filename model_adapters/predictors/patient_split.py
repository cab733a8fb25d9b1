"""The validation part of a training set: whole patients, chosen by hash, so that nothing else decides who is in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_adapters.inference.seeds import derive_seed

VALIDATION_SHARE = 0.2


def validation_rows(
    patients: NDArray[np.str_], seed: int, share: float = VALIDATION_SHARE
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to learn from and rows to validate on; no patient is in both.

    Patients are taken in the order of a hash of (seed, patient) until they hold `share` of the images. With a single
    patient nothing is held out.

    Args:
        patients: str[n].
    """
    names, of = np.unique(patients, return_inverse=True)
    of = of.reshape(-1)
    order = sorted(range(len(names)), key=lambda each: derive_seed(seed, str(names[each]), purpose="validation"))
    images = np.bincount(of, minlength=len(names))
    held: list[int] = []
    taken = 0
    for patient in order[:-1]:
        if taken >= share * len(patients):
            break
        held.append(patient)
        taken += int(images[patient])
    out = np.isin(of, held)
    return np.flatnonzero(~out), np.flatnonzero(out)

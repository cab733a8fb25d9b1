"""Which cases a run asks: whole patients at a time, chosen by hash, so that the choice depends on nothing else."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from data_splits.case import Case


def by_patient(cases: Sequence[Case], limit: int | None, purpose: str, seed: int) -> tuple[Case, ...]:
    """At most `limit` cases made of whole patients, in the order of `cases`.

    Patients are taken in the order of sha256(seed, purpose, patient) up to the first that does not fit, so that a
    larger limit holds every case of a smaller one.
    """
    if limit is None or len(cases) <= limit:
        return tuple(cases)
    images: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        images[case.patient].append(case)
    chosen: set[str] = set()
    taken = 0
    for patient in sorted(images, key=lambda name: _order(name, purpose, seed)):
        if taken + len(images[patient]) > limit:
            break
        chosen.add(patient)
        taken += len(images[patient])
    return tuple(case for case in cases if case.patient in chosen)


def unique_prompts(cases: Iterable[Case]) -> tuple[Case, ...]:
    """The first case of every distinct prompt (the published choice of reference images)."""
    first: dict[str | None, Case] = {}
    for case in cases:
        first.setdefault(case.prompt, case)
    return tuple(first.values())


def _order(patient: str, purpose: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{purpose}/{patient}".encode()).digest()


def one_per_patient(cases: Iterable[Case], limit: int, purpose: str, seed: int) -> tuple[Case, ...]:
    """The first case of each of at most `limit` patients, chosen by hash, in the order of `cases`."""
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(case.patient, case)
    chosen = sorted(first, key=lambda name: _order(name, purpose, seed))[:limit]
    keep = {first[name].id for name in chosen}
    return tuple(case for case in first.values() if case.id in keep)

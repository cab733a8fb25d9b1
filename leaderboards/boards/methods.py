"""Rows of the methods board: one row a score of an arm, beside the study's control."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from leaderboards.library.methods import MethodEntry
from leaderboards.records.method_record import Arm, MethodRecord, Score
from leaderboards.reporting.provenance import scrubbed
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.families import FAMILIES
from leaderboards.statistics.certificates.words import declared
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.mean_over_units import difference_over_units

Row = dict[str, Any]


def method_rows(entries: Iterable[tuple[MethodEntry, str]]) -> Iterator[Row]:
    """One row a score: task by task, and of each the arms in the study's order. Entries with faults have none.

    Args:
        entries: with the origin of their rows, "public" or "private".
    """
    for entry, origin in entries:
        if entry.faults:
            continue
        record = entry.record
        arms = [(arm, {(each.task, each.metric): each for each in arm.scores}) for arm in record.arms]
        for key in arms[0][1]:
            control, against = _control([(arm, table[key]) for arm, table in arms if arm.role == "control"])
            for place, (arm, table) in enumerate(arms):
                score = table[key]
                yield {
                    "study": entry.hash,
                    "tier": entry.tier.value,
                    "origin": origin,
                    **_study(record),
                    "place": place,
                    **_arm(arm),
                    **_score(score),
                    **_difference(score, against, control.name if arm is not control else ""),
                    **_certified(score.certificate or score.test_set, score.test_set),
                }


def _study(record: MethodRecord) -> Row:
    return {
        "method": record.method,
        "title": record.title,
        "question": record.question,
        "base": record.base,
        "data": [" ".join(filter(None, (each.name, each.version, each.subset))) for each in record.data],
        "licences": list(dict.fromkeys(each.licence for each in record.data)),
        "credentialed": any(each.credentialed for each in record.data),
        "reconstructed": list(record.reconstructed),
        "notes": [scrubbed(each) for each in record.notes],
        "command": record.command,
        "revision": record.revision,
        "machine": record.machine,
    }


def _arm(arm: Arm) -> Row:
    return {
        "arm": arm.name,
        "role": arm.role,
        "settings": [f"{name} {value}" for name, value in arm.settings.items()],
        "seeds": len(arm.seeds),
        "budget": [f"{name} {value:g}" for name, value in arm.budget.items()],
        "labelled": arm.labelled,
        "trainable": arm.trainable,
        "seconds": arm.seconds,
        "memory_mb": arm.peak_memory_mb,
    }


def _score(score: Score) -> Row:
    return {
        "task": score.task,
        "metric": score.metric,
        "direction": score.direction,
        "unit": score.unit,
        "value": score.value,
        "low": score.low,
        "high": score.high,
        "n": score.n,
        "per": score.per or ("seed" if len(score.records) > 1 else ""),
        "records": list(score.records),
        "reason": score.reason or "",
    }


def _control(controls: Sequence[tuple[Arm, Score]]) -> tuple[Arm, Score]:
    """What differences of a score are taken against: the study's first control that has it."""
    return next((each for each in controls if each[1].value is not None), controls[0])


def _difference(score: Score, control: Score, name: str) -> Row:
    """The arm less its control, unit by unit, where both were measured on the same units."""
    found: Estimate | None = None
    if name and score.values and control.values:
        found = difference_over_units(score.values, control.values, str(score.per))
    return {
        "against": name,
        "difference": None if found is None else found.value,
        "difference_low": None if found is None else found.low,
        "difference_high": None if found is None else found.high,
    }


def _certified(certificate: Certificate | None, beside: Certificate | None) -> Row:
    plain = certificate is beside
    return {
        "certified": None if certificate is None else certificate.value,
        "bound": "" if certificate is None else FAMILIES[certificate.family].title,
        "predictor": "" if certificate is None else certificate.predictor,
        "certified_n": None if certificate is None else certificate.n,
        "price": "" if certificate is None or certificate.complexity is None else certificate.complexity.kind,
        "nats": _nats(certificate),
        "delta": None if certificate is None else certificate.delta,
        "loss": "" if certificate is None else certificate.loss_name,
        "seen": None if certificate is None else certificate.risk,
        "declared": [] if certificate is None else declared(certificate),
        "test_set": None if beside is None or plain else beside.value,
        "test_set_n": None if beside is None or plain else beside.n,
    }


def _nats(certificate: Certificate | None) -> float | None:
    """Everything that was paid: the hypothesis or posterior, and choices on the sample."""
    if certificate is None or (certificate.complexity is None and not certificate.choices):
        return None
    price = 0.0 if certificate.complexity is None else certificate.complexity.nats
    return price + sum(each.nats for each in certificate.choices)


def studies(rows: Sequence[Row]) -> list[Row]:
    """The first row of every study, in the order of the build."""
    return list({row["study"]: row for row in reversed(rows)}.values())[::-1]

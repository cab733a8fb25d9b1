"""Rows of the board that say what a record says: one row a number, one row a record, one row a cohort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from data_splits.integrity import canonical_json
from leaderboards.boards.cohort import Cohort
from leaderboards.boards.words import split_name
from leaderboards.library.command import command
from leaderboards.reporting.provenance import scrubbed, without_folder
from leaderboards.statistics.certificates.words import sentence
from leaderboards.submissions.contamination import shared

Row = dict[str, Any]


def cohort_rows(cohorts: Iterable[Cohort]) -> Iterator[Row]:
    """One row a cohort: what its records share."""
    for cohort in cohorts:
        key, first = cohort.key, cohort.members[0].record
        yield {
            "cohort": cohort.id,
            **key._asdict(),
            "licence": str(first.split.get("licence") or ""),
            "credentialed": bool(first.split.get("credentialed")),
            "records": len(cohort.members),
            "metrics": list(dict.fromkeys(r.metric for m in cohort.members for r in m.record.results)),
            "not_applicable": canonical_json(first.not_applicable),
        }


def model_rows(cohorts: Iterable[Cohort]) -> Iterator[Row]:
    """One row a record: model card, tier, hashes, and the command that makes it again."""
    for cohort in cohorts:
        for member in cohort.members:
            record, card = member.record, member.record.model
            yield {
                "cohort": cohort.id,
                "record": member.id,
                "name": member.name,
                "tier": member.entry.tier.value,
                "origin": member.origin,
                "kind": _text(card, "kind"),
                "source": without_folder(_text(card, "source")),
                "revision": _text(card, "revision"),
                "licence": _text(card, "licence"),
                "parameters": _whole(card.get("parameters")),
                "training_data": [str(each) for each in _list(card.get("training_data"))],
                "notes": [scrubbed(str(each)) for each in _list(card.get("notes"))],
                "settings": canonical_json(card.get("settings") or {}),
                "verified": card.get("verified") is not False,
                "control": is_control(card),
                "seen": bool(shared(record)),
                "run_seed": record.run_seed,
                "samples_hash": record.samples_hash,
                "encoders": [f"{each.name} {each.fingerprint}" for each in record.encoders],
                "statistics": [f"{name} {digest}" for name, digest in sorted(record.statistics.items())],
                "certificates": [
                    sentence(each, cases="questions" if record.benchmark == "mirb" else "patients")
                    for each in record.certificates
                ],
                "warnings": list(record.warnings),
                "n_unreadable": record.n_unreadable,
                "command": command(record),
            }


def result_rows(cohorts: Iterable[Cohort]) -> Iterator[Row]:
    """One row a number: record x metric x group x variant."""
    for cohort in cohorts:
        for member in cohort.members:
            for result in member.record.results:
                base, encoder = split_name(result.metric)
                kind, _, value = result.group.partition("=")
                yield {
                    "cohort": cohort.id,
                    **cohort.key._asdict(),
                    "record": member.id,
                    "model": member.name,
                    "tier": member.entry.tier.value,
                    "metric": result.metric,
                    "base": base,
                    "encoder": encoder,
                    "family": result.family,
                    "group": result.group,
                    "group_kind": kind,
                    "group_value": value,
                    "variant": result.variant,
                    "value": result.value,
                    "low": result.low,
                    "high": result.high,
                    "se": result.se,
                    "level": result.level,
                    "n_generated": result.n_generated,
                    "n_reference": result.n_reference,
                    "n_patients": result.n_patients,
                    "direction": result.direction,
                    "unit": result.unit,
                    "estimator": result.estimator,
                    "method": result.method,
                    "parameters": canonical_json(result.parameters),
                    "statistics": result.statistics or "",
                    "reason": result.reason or "",
                    "interval_reason": result.interval_reason or "",
                    "extra": canonical_json(result.extra),
                }


def is_control(card: dict[str, Any]) -> bool:
    """Whether a model is a control or a baseline by its card: real images, copies, constants, rules."""
    return any(str(note).startswith(("A control", "A baseline")) for note in _list(card.get("notes")))


def _text(facts: dict[str, Any], key: str) -> str:
    value = facts.get(key)
    return "" if value is None else str(value)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62 else None

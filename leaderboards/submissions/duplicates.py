"""Has somebody submitted this before, under this name or another?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboards.library.entry import Entry
from leaderboards.library.paths import text_of
from leaderboards.records.schema import ResultRecord
from leaderboards.records.statistics_store import StatisticsReader
from leaderboards.submissions.findings import Finding, error, shown, warning
from leaderboards.submissions.form import Submitted

NEAR = 0.05
"""Median distance of the two models' features of a case, as a share of the features' spread: below it the two images
look the same to the encoder. Two draws of one good model are about 1 apart."""

SAME = 1e-3
"""Below it they are the same images up to rounding or invisible noise."""


@dataclass(frozen=True)
class Other:
    """A record to compare with. name: as a finding calls it."""

    name: str
    record: ResultRecord
    hash: str
    reader: StatisticsReader

    @classmethod
    def of(cls, each: Entry | Submitted) -> Other:
        reader = each.reader() if isinstance(each, Entry) else each.reader
        return cls(
            f"{shown(text_of(each.record.model, 'name'), 60)} ({each.hash[:16]})", each.record, each.hash, reader
        )


def check_duplicates(submitted: Submitted, others: Sequence[Other]) -> list[Finding]:
    """Compare with other records: identity, samples, features case by case and in any order, answers.

    The same results, or the same samples under another model's name, refuse the submission; near-equal ones are named
    for the reviewer.
    """
    found: list[Finding] = []
    for other in others:
        if other.hash == submitted.hash:
            found.append(error("duplicate", submitted.where, "is among the results already, bit for bit"))
        else:
            found += _against(submitted, other)
    return found


def _against(submitted: Submitted, other: Other) -> Iterator[Finding]:
    mine, where = submitted.record, submitted.where
    same_model = _model(mine) == _model(other.record)
    same_question = (mine.protocol_hash, mine.split.get("hash"), mine.split.get("subset")) == (
        other.record.protocol_hash,
        other.record.split.get("hash"),
        other.record.split.get("subset"),
    )
    if same_model and same_question and mine.run_seed == other.record.run_seed:
        yield error(
            "duplicate", where, f"this model, seed, protocol and split have a record already: {other.name}; a "
            "correction is made by a maintainer"
        )  # fmt: skip
        return
    if not same_model and mine.samples_hash == other.record.samples_hash:
        yield error("duplicate", where, f"holds the very samples of {other.name}")
        return
    if same_model or mine.split.get("hash") != other.record.split.get("hash"):
        return
    for encoder in mine.encoders:
        if any(each.fingerprint == encoder.fingerprint for each in other.record.encoders):
            pair = _features(submitted, other, encoder.name)
            distance = None if pair is None else feature_distance(*pair)
            if distance is not None and distance <= NEAR:
                kind = error if distance <= SAME else warning
                what = "are those of" if distance <= SAME else "are nearly those of"
                label = shown(encoder.name, 40)
                yield kind("duplicate", where, f"features.{label}.generated {what} {other.name}, another model")
                return
    if same_question and _same_answers(submitted, other):
        yield warning("duplicate", where, f"right and wrong on the very questions of {other.name}, another model")


def feature_distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    """How far apart two models' features of the same cases are, as a share of their spread; None if not comparable.

    The median over cases of |a - b| / sqrt(mean |a - mean|^2). Rows in another order are found where they are equal:
    the sorted projections on one direction then agree to rounding, and the distance is 0.

    Args:
        one, other: float32[n, d].
    """
    if one.shape != other.shape or len(one) < 2:
        return None
    a, b = one.astype(np.float64), other.astype(np.float64)
    spread = float(np.sqrt(((a - a.mean(axis=0)) ** 2).sum(axis=1).mean()))
    if spread <= 1e-6 * float(np.abs(a).max(initial=0.0)):
        # All images alike (a control): equal to another such model, or not.
        return 0.0 if np.array_equal(one, other) else None
    direction = np.random.default_rng(0).normal(size=a.shape[1])
    left, right = np.sort(a @ direction), np.sort(b @ direction)
    if np.abs(left - right).max() <= 1e-6 * float(np.abs(left).max()):
        return 0.0
    return float(np.median(np.sqrt(((a - b) ** 2).sum(axis=1)))) / spread


def _features(submitted: Submitted, other: Other, encoder: str) -> tuple[Any, Any] | None:
    name = f"features.{encoder}.generated.safetensors"
    if name not in submitted.record.statistics or name not in other.record.statistics:
        return None
    return submitted.reader.source(f"{encoder}.generated"), other.reader.source(f"{encoder}.generated")


def _same_answers(submitted: Submitted, other: Other) -> bool:
    """MIRB: the same outcome on every one of at least 20 questions, of which some are right and some wrong."""
    if submitted.record.benchmark != "mirb":
        return False
    sides = []
    for record, reader in ((submitted.record, submitted.reader), (other.record, other.reader)):
        result = next((each for each in record.results if each.metric == "accuracy" and each.variant == "raw"), None)
        if result is None or result.statistics is None:
            return False
        sides.append(reader.arrays(result.statistics)["values"])
    one, two = sides
    return len(one) >= 20 and one.shape == two.shape and bool(np.ptp(one) > 0) and np.array_equal(one, two)


def _model(record: ResultRecord) -> tuple[str, ...]:
    return tuple(text_of(record.model, key) for key in ("name", "revision", "source"))

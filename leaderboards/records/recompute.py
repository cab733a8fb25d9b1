"""Recompute a record's numbers from its stored statistics: a number that cannot be reproduced is reported by name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_splits.integrity import sha256_file
from leaderboards.records.io import HASH_FILE, RECORD_FILE, read_record, recorded_hash
from leaderboards.records.locate import locate, reader
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.records.statistics_store import FILE_NAME, StatisticsReader
from leaderboards.statistics.certificates.verify import verify
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import estimate

RELATIVE = 1e-9
"""The same estimator on the same arrays is bit-identical on one machine; another BLAS may move the last digits."""
ABSOLUTE = 1e-12

Number = float | str | None


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing of a record that its statistics do not bear out.

    Attributes:
        metric, group, variant: of the result; for a file, metric is the file name and the others are empty.
        field: "value", "low", "high", "se", "level", "extra.<name>", "reason", "interval_reason", "method", "sha256",
            or "estimate" where it could not be computed.
        recorded, recomputed: both numbers, hashes or reasons.
    """

    metric: str
    group: str
    variant: str
    field: str
    recorded: Number
    recomputed: Number

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.metric, self.group, self.variant) if part)
        return f"{where}: {self.field} recorded {self.recorded!r}, recomputed {self.recomputed!r}"


@dataclass(frozen=True, slots=True)
class Recomputation:
    """Outcome of a check.

    Attributes:
        recomputed: results computed again from their arrays.
        undefined: results without value and without arrays, which hold a reason instead.
        without_statistics: results with a value but without arrays: nothing to recompute them from.
        discrepancies: what does not agree, in the order of the record.
    """

    recomputed: int
    undefined: int
    without_statistics: tuple[str, ...]
    discrepancies: tuple[Discrepancy, ...]


def recompute(run_folder: Path) -> list[Discrepancy]:
    """What of a run's record does not follow from its statistics; an empty list if everything does.

    Raises:
        UserError: the folder holds no valid record.
    """
    return list(check_run(run_folder).discrepancies)


def check_run(run_folder: Path) -> Recomputation:
    """Check the hashes of a run's files and compute every number again that has stored arrays.

    Raises:
        UserError: the folder holds no valid record.
    """
    record = read_record(run_folder)
    found = [*check_files(run_folder, record)]
    arrays = reader(run_folder, record)
    recomputed = undefined = 0
    unsupported: list[str] = []
    for result in record.results:
        if result.statistics is not None:
            recomputed += 1
            found += _compare(result, arrays)
        elif result.value is None:
            undefined += 1
        else:
            unsupported.append(f"{result.metric}, {result.group}, {result.variant}")
    found += [
        Discrepancy("certificate", certificate.subject, certificate.family, each.field, each.recorded, each.recomputed)
        for certificate in record.certificates
        for each in verify(certificate)
    ]
    return Recomputation(recomputed, undefined, tuple(unsupported), tuple(found))


def check_files(run_folder: Path, record: ResultRecord) -> Iterator[Discrepancy]:
    """Files of a record that are missing or not what their hashes say; nothing is computed."""
    promised = recorded_hash(run_folder)
    actual = sha256_file(run_folder / RECORD_FILE)
    if promised != actual:
        missing = f"{HASH_FILE} is missing" if promised is None else promised
        yield Discrepancy(RECORD_FILE, "", "", "sha256", missing, actual)
    where = locate(run_folder, record)
    for name, digest in sorted(record.statistics.items()):
        try:
            path = where(name)
        except ValueError as error:
            yield Discrepancy(name, "", "", "sha256", digest, str(error))
            continue
        if not FILE_NAME.fullmatch(name) or path.is_symlink():
            yield Discrepancy(name, "", "", "sha256", digest, "not a statistics file")
        elif not path.is_file():
            yield Discrepancy(name, "", "", "sha256", digest, "missing")
        elif (actual := sha256_file(path)) != digest:
            yield Discrepancy(name, "", "", "sha256", digest, actual)


def _compare(result: MetricResult, reader: StatisticsReader) -> Iterator[Discrepancy]:
    def differs(field: str, recorded: Number, again: Number) -> Discrepancy:
        return Discrepancy(result.metric, result.group, result.variant, field, recorded, again)

    try:
        again = estimate(result.estimator, reader.arrays(str(result.statistics)), result.parameters)
    except Exception as error:
        # A stranger's arrays and parameters may break an estimator in any way; each is a number that cannot be had.
        yield differs("estimate", result.value, f"{type(error).__name__}: {error}")
        return
    for field, recorded, number in _numbers(result, again):
        if not _same(recorded, number):
            yield differs(field, recorded, number)
    for field in ("reason", "interval_reason", "method"):
        if getattr(result, field) != getattr(again, field):
            yield differs(field, getattr(result, field), getattr(again, field))


def _numbers(result: MetricResult, again: Estimate) -> Iterator[tuple[str, float | None, float | None]]:
    for field in ("value", "low", "high", "se", "level"):
        yield field, getattr(result, field), getattr(again, field)
    for name in sorted({*result.extra, *again.extra}):
        yield f"extra.{name}", result.extra.get(name), again.extra.get(name)


def _same(recorded: float | None, again: float | None) -> bool:
    if recorded is None or again is None:
        return recorded is again
    return math.isclose(recorded, again, rel_tol=RELATIVE, abs_tol=ABSOLUTE)

"""A new record beside those of other models that were asked the same questions by the same protocol.

Who recomputes a number from arrays believes the arrays, and the record's word for what to do with them. So whatever the
protocol and the split fix must be as it is in every public record of them: metrics, estimators and their parameters,
counts, the real side, which case belongs to which patient. A model decides only over what its own images change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboards.library.command import command
from leaderboards.library.entry import Entry
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.submissions import limits
from leaderboards.submissions.findings import Finding, error, shown, warning
from leaderboards.submissions.form import Submitted

Key = tuple[str, str, str]

FIXED = re.compile(r"(?:.*_)?cluster|.*_block|patient_.*|truth|stratum|question|options|age|sex|view")
"""Whole-number arrays that say which case is whose and what is true of it: questions, not answers."""

OWN = frozenset(("scales",))
"""Parameters that follow from the generated images: MS-SSIM takes as many scales as their resolution allows."""

OWN_CLUSTERS = frozenset(("ct_score",))
"""Estimators whose `cluster` is of the generated images that took part, which follows from where those images lie."""

REAL = ("reference", "fit", "floor")
CLOSE = 1e-2
"""Features of the same real image on another machine differ by less than this share of their spread."""

PEERS = 3
"""Records that are looked at array by array; the cheap comparisons take all."""


def peers_of(submitted: Submitted, others: Sequence[Entry]) -> list[Entry]:
    """Public records of the same benchmark, protocol hash, split and subset."""
    return [each for each in others if _question(each.record) == _question(submitted.record)]


def check_known(submitted: Submitted, others: Sequence[Entry], first: bool) -> list[Finding]:
    """The split and the protocol are among those of the public results.

    Args:
        first: a maintainer opens a new split or protocol; the findings are warnings then.
    """
    record = submitted.record
    kind = warning if first else error
    found = []
    if not any(each.record.split.get("hash") == record.split.get("hash") for each in others):
        message = (
            f"no public record was asked the cases of split hash {shown(record.split.get('hash'), 12)}; check the "
            "split's version and options, or ask a maintainer to open this split"
        )
        found.append(kind("split", submitted.where, message))
    if not any(
        (each.record.benchmark, each.record.protocol, each.record.protocol_hash)
        == (record.benchmark, record.protocol, record.protocol_hash)
        for each in others
    ):
        message = (
            f"no public record follows protocol {shown(record.protocol, 40)} {record.protocol_hash[:12]} (size, preset "
            f"and metrics enter the hash); {_example(record, others)}, or ask a maintainer to open this one"
        )
        found.append(kind("protocol", submitted.where, message))
    return found


def _example(record: ResultRecord, others: Sequence[Entry]) -> str:
    """What to do: the options of a public record that answers the same cases."""
    for each in others:
        if (each.record.benchmark, each.record.split.get("hash")) == (record.benchmark, record.split.get("hash")):
            return f"take the options of a public record of this split: {shown(command(each.record), 200)}"
    return "run the whole protocol with its default options"


def check_peers(submitted: Submitted, peers: Sequence[Entry]) -> list[Finding]:
    """Everything that the questions fix is as in the peers' records."""
    if not peers:
        return []
    record, where = submitted.record, submitted.where
    found = [error("split", where, message) for message in _split_facts(record, peers[0].record)]
    mine = {_key(each): each for each in record.results}
    tables = [{_key(each): each for each in peer.record.results} for peer in peers]
    problems = [*_metrics(mine, tables)]
    for key, result in mine.items():
        theirs = [table[key] for table in tables if key in table]
        if theirs:
            whole = not record.n_unreadable and not any(each.record.n_unreadable for each in peers)
            problems += [f"{', '.join(key)}: {message}" for message in _result(result, theirs, whole)]
    problems += _arrays(submitted, peers[:PEERS])
    found += [error("questions", where, message) for message in problems[: limits.MAX_NUMBERS_SHOWN]]
    if len(problems) > limits.MAX_NUMBERS_SHOWN:
        found.append(error("questions", where, f"and {len(problems) - limits.MAX_NUMBERS_SHOWN} more of this kind"))
    lost = [
        key
        for key, each in mine.items()
        if each.value is None and all(key in table and table[key].value is not None for table in tables)
    ]
    told = [
        f"{', '.join(key)}: {message}"
        for key, each in mine.items()
        for message in _undefined(each, [table[key] for table in tables if key in table])
    ]
    if told:
        found.append(warning("undefined", where, f"{len(told)} undefined value(s) read otherwise; {told[0]}"))
    if lost:
        message = f"{len(lost)} value(s) that every other model has are undefined, such as {', '.join(lost[0])}"
        found.append(warning("undefined", where, message))
    return found


def _question(record: ResultRecord) -> tuple[Any, ...]:
    return record.benchmark, record.protocol_hash, record.split.get("hash"), record.split.get("subset")


def _key(result: MetricResult) -> Key:
    return result.metric, result.group, result.variant


def _split_facts(mine: ResultRecord, other: ResultRecord) -> Iterator[str]:
    for name in ("name", "version", "credentialed", "counts", "licence"):
        if mine.split.get(name) != other.split.get(name):
            yield f"split.{name} is not that of the other records of this split hash"


def _metrics(mine: dict[Key, MetricResult], tables: Sequence[dict[Key, MetricResult]]) -> Iterator[str]:
    """Nothing that reads badly was left out, nothing that reads well was added."""
    for key in sorted(set.intersection(*(set(table) for table in tables)) - mine.keys()):
        yield f"{', '.join(key)} is missing; every other record of this protocol has it"
    for key in sorted(mine.keys() - set.union(*(set(table) for table in tables))):
        yield f"{', '.join(map(shown, key))} is not part of this protocol"


def _result(mine: MetricResult, theirs: Sequence[MetricResult], whole: bool) -> Iterator[str]:
    for name in ("estimator", "family", "direction", "unit", "level"):
        if getattr(mine, name) != getattr(theirs[0], name):
            yield f"{name} is {shown(getattr(mine, name), 40)}, elsewhere {shown(getattr(theirs[0], name), 40)}"
    defined = [each for each in theirs if each.value is not None]
    if mine.value is None or not defined:
        return
    if whole:
        for name in ("n_generated", "n_reference", "n_patients"):
            known = {getattr(each, name) for each in defined}
            if len(known) == 1 and getattr(mine, name) not in known:
                yield f"{name} is {getattr(mine, name)}, elsewhere {known.pop()}"
    for name in sorted({*mine.parameters, *defined[0].parameters} - OWN):
        known = {each.parameters.get(name) for each in defined}
        if len(known) == 1 and not _agrees(mine.parameters.get(name), (value := known.pop()), len(defined)):
            yield f"parameter {shown(name, 40)} is {shown(mine.parameters.get(name), 60)}, elsewhere {shown(value, 60)}"


def _undefined(mine: MetricResult, theirs: Sequence[MetricResult]) -> Iterator[str]:
    """A reason or a count of an undefined value that all others give differently: nothing recomputes it."""
    if mine.value is not None or not theirs or any(each.value is not None for each in theirs):
        return
    for name in ("reason", "interval_reason", "n_generated", "n_reference", "n_patients"):
        known = {getattr(each, name) for each in theirs}
        if len(known) == 1 and getattr(mine, name) not in known:
            yield f"{name} is {shown(getattr(mine, name), 60)}, elsewhere {shown(known.pop(), 60)}"
            return


def _agrees(mine: Any, other: Any, count: int) -> bool:
    """A fraction may follow from the model's own images (a bandwidth): it is fixed only where two others agree."""
    if isinstance(mine, float) and isinstance(other, float):
        return count < 2 or abs(mine - other) <= 1e-6 * max(abs(mine), abs(other))
    return type(mine) is type(other) and bool(mine == other)


def _arrays(submitted: Submitted, peers: Sequence[Entry]) -> list[str]:
    found: list[str] = []
    readers = [peer.reader() for peer in peers]
    tables = [{_key(each): each for each in peer.record.results} for peer in peers]
    for result in submitted.record.results:
        if result.statistics is None:
            continue
        mine = submitted.reader.arrays(result.statistics)
        theirs = [
            reader.arrays(str(table[_key(result)].statistics))
            for reader, table in zip(readers, tables, strict=True)
            if _key(result) in table and table[_key(result)].statistics is not None
        ]
        for name in sorted(mine):
            known = [each[name] for each in theirs if name in each]
            if known and _fixed(name, mine[name], result) and not any(_equal(mine[name], each) for each in known):
                found.append(f"{', '.join(_key(result))}: array {name} is not that of the other records of this split")
    for encoder in submitted.record.encoders:
        for part in REAL:
            name = f"features.{encoder.name}.{part}.safetensors"
            if name not in submitted.record.statistics:
                continue
            held = [
                reader.source(f"{encoder.name}.{part}")
                for reader, peer in zip(readers, peers, strict=True)
                if name in peer.record.statistics
            ]
            features = submitted.reader.source(f"{encoder.name}.{part}")
            if held and not any(_equal(features, each) for each in held):
                found.append(f"features of the real images, {name}, are not those of the other records of this split")
    return found


def _fixed(name: str, array: NDArray[Any], result: MetricResult) -> bool:
    if name in REAL and result.variant != "floor" and array.ndim == 2:
        return True
    if name == "cluster" and result.estimator in OWN_CLUSTERS:
        return False
    return array.dtype.kind in "iub" and FIXED.fullmatch(name) is not None


def _equal(mine: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whole numbers exactly; features up to what another processor makes of the same image."""
    if mine.shape != other.shape or mine.dtype != other.dtype:
        return False
    if mine.dtype.kind != "f":
        return bool(np.array_equal(mine, other))
    if np.array_equal(mine, other):
        return True
    spread = float(other.std())
    return bool(np.abs(mine - other).max() <= CLOSE * spread) if spread else False

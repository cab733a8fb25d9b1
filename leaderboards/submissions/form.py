"""A new record by itself: canonical, complete, at the path of its content, and free of what must stay private."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_bytes
from leaderboards.library.paths import record_path
from leaderboards.records.io import HASH_FILE, RECORD_FILE, read_record, record_text
from leaderboards.records.locate import SHA256, Locate, locate, reader
from leaderboards.records.schema import ResultRecord
from leaderboards.records.statistics_store import FILE_NAME, StatisticsReader
from leaderboards.submissions import limits
from leaderboards.submissions.findings import Finding, error, shown, warning
from leaderboards.submissions.plain_text import check_texts

_SOURCE = re.compile(r"features\.(?P<encoder>.+)\.(?P<part>generated|reference|fit|floor)\.safetensors")
_TIMELESS = ("seed",)
"""Whole-number parameters that cost no time however large."""

MOST_PROSE = 300
"""Characters of one text in a record of a credentialed split: reasons and settings fit, a report does not."""


@dataclass(frozen=True)
class Submitted:
    """A record under review.

    Attributes:
        where: its folder as it is named in findings. folder: on disk. hash: of its canonical text.
        locate: where the file of a name lies. reader: of the arrays.
    """

    where: str
    folder: Path
    record: ResultRecord
    hash: str
    locate: Locate
    reader: StatisticsReader


def read(folder: Path, where: str) -> tuple[Submitted | None, list[Finding]]:
    """Read a record under the schema; None with the one reason where it is none."""
    path = folder / RECORD_FILE
    try:
        size = path.stat().st_size
        if size > limits.MAX_RECORD_BYTES:
            return None, [error("size", where, f"{RECORD_FILE} has {size} bytes; at most {limits.MAX_RECORD_BYTES}")]
        record = read_record(folder)
        text = record_text(record).encode()
    except UserError as problem:
        return None, [error("schema", where, shown(str(problem).replace(str(path), RECORD_FILE), 400))]
    except OSError as problem:
        return None, [error("schema", where, f"cannot be read ({type(problem).__name__})")]
    digest = sha256_bytes(text)
    found = []
    if path.read_bytes() != text:
        found.append(
            error("canonical", where, f"{RECORD_FILE} is not the canonical text of its content; was it edited by hand?")
        )
    hash_path = folder / HASH_FILE
    promised = hash_path.read_bytes()[: limits.MAX_HASH_BYTES] if hash_path.is_file() else b""
    if promised != f"{digest}  {RECORD_FILE}\n".encode():
        found.append(error("hash", where, f"{HASH_FILE} does not hold the hash of {RECORD_FILE}"))
    return Submitted(where, folder, record, digest, locate(folder, record), reader(folder, record)), found


def check_path(submitted: Submitted) -> list[Finding]:
    """The folder is the one that follows from the record."""
    expected = record_path(submitted.record, submitted.hash)
    return [] if str(expected) == submitted.where else [error("path", submitted.where, f"should lie at {expected}")]


def check_form(submitted: Submitted) -> list[Finding]:
    """Everything that can be said of a record without its arrays and without other records."""
    record, where = submitted.record, submitted.where
    found = check_texts(record.model_dump(mode="json"), where)
    found += [error("identity", where, message) for message in _identity(record)]
    found += [error("counts", where, message) for message in _counts(record)]
    found += [error("statistics", where, message) for message in _files(record)]
    found += [error("cost", where, message) for message in _costs(record)]
    if record.split.get("credentialed") is not False:
        found += [error("credentialed", where, message) for message in _private(record)]
    bare = [each for each in record.results if each.value is not None and not each.statistics]
    if bare:
        first = shown(f"{bare[0].metric} ({bare[0].group})")
        message = f"{len(bare)} value(s) have no stored arrays, such as {first}: the row stays self-reported"
        found.append(warning("unsupported", where, message))
    if not any(each.value is not None for each in record.results):
        found.append(error("counts", where, "holds no value at all"))
    return found


def _identity(record: ResultRecord) -> Iterator[str]:
    split, model = record.split, record.model
    for name, value in (
        ("protocol_hash", record.protocol_hash),
        ("samples_hash", record.samples_hash),
        ("split.hash", split.get("hash")),
    ):
        if not isinstance(value, str) or not SHA256.fullmatch(value):
            yield f"{name} is no sha256 in 64 hex digits: {shown(value, 40)!r}"
    for name, value in (("split.name", split.get("name")), ("model.name", model.get("name"))):
        if not isinstance(value, str) or not value:
            yield f"{name} is missing"
    if not isinstance(split.get("credentialed"), bool):
        yield "split.credentialed is neither true nor false"
    names = [each.name for each in record.encoders]
    if len(names) != len(set(names)):
        yield "an encoder occurs twice"
    for each in record.encoders:
        if not SHA256.fullmatch(each.fingerprint) or each.dim < 1:
            yield f"encoder {shown(each.name, 40)} has no fingerprint or no dimension"


def _counts(record: ResultRecord) -> Iterator[str]:
    for name, value in (("n_unreadable", record.n_unreadable), ("split.cases", record.split.get("cases"))):
        if not _is_count(value):
            yield f"{name} is no count: {shown(value, 40)}"
    stack: list[Any] = [record.split.get("counts")]
    if not isinstance(stack[0], dict):
        yield "split.counts is missing"
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            stack += list(each.values())
        elif not _is_count(each):
            yield f"split.counts holds no count: {shown(each, 40)}"
    # Patients are those of the evaluated images; a metric of few prompts may look at fewer images than that.
    images = max((max(result.n_reference, result.n_generated) for result in record.results), default=0)
    for result in record.results:
        largest = max(result.n_generated, result.n_reference, result.n_patients or 0)
        if largest > limits.MAX_COUNT:
            yield f"{shown(result.metric, 60)} counts {largest}; at most {limits.MAX_COUNT}"
        if result.n_patients is not None and result.n_patients > images:
            yield f"{shown(result.metric, 60)} has more patients than there are images"


def _files(record: ResultRecord) -> Iterator[str]:
    for name, digest in record.statistics.items():
        if not FILE_NAME.fullmatch(name):
            yield f"{shown(name, 60)!r} is no name of a statistics file"
        if not SHA256.fullmatch(digest):
            yield f"{shown(name, 60)} has no sha256 in 64 hex digits"
        source = _SOURCE.fullmatch(name)
        if name.startswith("features.") and (
            source is None or source["encoder"] not in {each.name for each in record.encoders}
        ):
            yield f"{shown(name, 60)} holds features of no encoder of the record"
    referenced = {str(each.statistics).partition("#")[0] for each in record.results if each.statistics}
    for name in sorted(referenced - record.statistics.keys()):
        yield f"a result refers to {shown(name, 60)!r}, which has no hash in the record"
    for name in sorted(record.statistics.keys() - referenced):
        if name.startswith("metric."):
            yield f"no result refers to {shown(name, 60)}"
    seen: dict[str, str] = {}
    for each in record.results:
        if each.statistics and (other := seen.setdefault(each.statistics, each.metric + each.group + each.variant)) != (
            each.metric + each.group + each.variant
        ):
            yield f"two results share the arrays {shown(each.statistics, 80)} ({shown(other, 60)})"
        if each.statistics and each.statistics != f"metric.{each.metric}.safetensors#{each.group}/{each.variant}":
            yield f"{shown(each.metric, 60)} ({shown(each.group, 40)}) refers to the arrays of another result"


def _costs(record: ResultRecord) -> Iterator[str]:
    for result in record.results:
        for name, value in result.parameters.items():
            if not isinstance(value, int) or isinstance(value, bool) or name in _TIMELESS:
                continue
            if abs(value) > limits.MAX_REPEATS:
                yield f"{shown(result.metric, 60)} asks for {shown(name, 40)} = {value}; at most {limits.MAX_REPEATS}"


def _private(record: ResultRecord) -> Iterator[str]:
    settings = record.model.get("settings")
    copies = isinstance(settings, dict) and bool(settings.get("copies_real_images"))
    for name in record.statistics:
        source = _SOURCE.fullmatch(name)
        if source is not None and (source["part"] != "generated" or copies):
            yield f"{shown(name, 60)} holds features of real images of a credentialed split, which may not be published"
    texts = [*record.warnings, *record.not_applicable.values(), *(str(each.reason or "") for each in record.results)]
    stack: list[Any] = [record.model, record.split, *({"": dict(each.parameters)} for each in record.results)]
    while stack:
        each = stack.pop()
        texts += [each] if isinstance(each, str) else []
        stack += list(each.values()) if isinstance(each, dict) else list(each) if isinstance(each, list | tuple) else []
    longest = max((len(text) for text in texts), default=0)
    if longest > MOST_PROSE:
        yield (
            f"holds a text of {longest} characters; a record of a credentialed split holds none above {MOST_PROSE}, "
            "so that no prompt and no report slips in"
        )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= limits.MAX_COUNT

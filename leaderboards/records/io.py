"""record.json: one canonical text for a record, and its hash."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from data_splits.errors import UserError
from data_splits.integrity import canonical_json, sha256_bytes, write_text
from leaderboards.records.schema import ResultRecord
from leaderboards.records.strict_json import loads

RECORD_FILE = "record.json"
HASH_FILE = "record.sha256"
STATISTICS_FOLDER = "statistics"
MAX_RECORD_BYTES = 256 * 2**20


def record_text(record: ResultRecord) -> str:
    """The canonical JSON of a record: its bytes are the file, and their sha256 is the record's hash.

    Raises:
        ValueError: two results share metric, group and variant.
    """
    _require_unique(record)
    return canonical_json(record.model_dump(mode="json"))


def record_hash(record: ResultRecord) -> str:
    """Hex sha256 of the canonical JSON, which is also the sha256 of record.json."""
    return sha256_bytes(record_text(record).encode())


def write_record(run_folder: Path, record: ResultRecord) -> str:
    """Write record.json and record.sha256 (checked by `sha256sum -c`) into a run folder and return the hash."""
    text = record_text(record)
    digest = sha256_bytes(text.encode())
    write_text(run_folder / RECORD_FILE, text)
    write_text(run_folder / HASH_FILE, f"{digest}  {RECORD_FILE}\n")
    return digest


def read_record(run_folder: Path) -> ResultRecord:
    """Read and validate the record of a run folder.

    Raises:
        UserError: there is no record, or it is not one of this version.
    """
    path = run_folder / RECORD_FILE
    if not path.is_file():
        raise UserError(f"{run_folder} holds no {RECORD_FILE}. Give the folder that `eval --output` wrote.")
    if path.stat().st_size > MAX_RECORD_BYTES:
        raise UserError(f"{path} is larger than {MAX_RECORD_BYTES} bytes, so it is not a result record.")
    try:
        record = ResultRecord.model_validate(loads(path.read_text("utf-8")))
        _require_unique(record)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "record"
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UserError(f"{path} is not a valid result record: {place}: {first['msg']}{more}.") from error
    except ValueError as error:
        raise UserError(f"{path} is not a valid result record: {error}.") from error
    return record


def recorded_hash(run_folder: Path) -> str | None:
    """The hash that record.sha256 promises, or None where the file is missing."""
    path = run_folder / HASH_FILE
    if not path.is_file():
        return None
    words = path.read_text("utf-8", errors="replace")[:200].split()
    return words[0] if words else ""


def _require_unique(record: ResultRecord) -> None:
    seen: set[tuple[str, str, str]] = set()
    for result in record.results:
        key = (result.metric, result.group, result.variant)
        if key in seen:
            raise ValueError(f"two results of {result.metric}, {result.group}, {result.variant}")
        seen.add(key)

"""method.json: one canonical text for a method record, and its hash."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from data_splits.errors import UserError
from data_splits.integrity import canonical_json, sha256_bytes, write_text
from leaderboards.records.method_record import MethodRecord
from leaderboards.records.strict_json import loads

METHOD_FILE = "method.json"
METHOD_HASH_FILE = "method.sha256"
MOST_BYTES = 16 * 2**20


def method_text(record: MethodRecord) -> str:
    """The canonical JSON of a method record."""
    return canonical_json(record.model_dump(mode="json"))


def method_hash(record: MethodRecord) -> str:
    """Hex sha256 of the canonical JSON, which is also the sha256 of method.json."""
    return sha256_bytes(method_text(record).encode())


def write_study(path: Path, record: MethodRecord) -> str:
    """Write a method record to a file, for `leaderboards publish-method`, and return its hash.

    A folder gets method.json and method.sha256, as a results library holds them.
    """
    text = method_text(record)
    digest = sha256_bytes(text.encode())
    if path.suffix == ".json":
        write_text(path, text)
    else:
        write_text(path / METHOD_FILE, text)
        write_text(path / METHOD_HASH_FILE, f"{digest}  {METHOD_FILE}\n")
    return digest


def read_study(path: Path) -> MethodRecord:
    """Read and validate a method record; its numbers are checked by `leaderboards.records.method_check`.

    Raises:
        UserError: there is none, or it is not one of this version.
    """
    file = path / METHOD_FILE if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"There is no method record at {file}. An experiment writes one with `write_study`.")
    if file.stat().st_size > MOST_BYTES:
        raise UserError(f"{file} is larger than {MOST_BYTES} bytes, so it is not a method record.")
    try:
        return MethodRecord.model_validate(loads(file.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "record"
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UserError(f"{file} is not a valid method record: {place}: {first['msg']}{more}.") from error
    except ValueError as error:
        raise UserError(f"{file} is not a valid method record: {error}.") from error

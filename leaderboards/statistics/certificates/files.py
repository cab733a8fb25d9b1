"""Certificates as files: canonical JSON, read strictly."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from data_splits.errors import UserError
from data_splits.integrity import write_text
from leaderboards.records.strict_json import loads
from leaderboards.statistics.certificates.certificate import Certificate, certificate_hash, certificate_text

MOST_BYTES = 16 * 2**20


def write_certificate(path: Path, certificate: Certificate) -> str:
    """Write a certificate atomically and return its hash (the sha256 of the file)."""
    write_text(path, certificate_text(certificate))
    return certificate_hash(certificate)


def read_certificate(path: Path) -> Certificate:
    """Read a certificate; `verify` says whether it holds.

    Raises:
        UserError: there is no such file, or it is not a certificate of this version.
    """
    if not path.is_file():
        raise UserError(f"There is no certificate at {path}. `leaderboards certify --output` writes one.")
    if path.stat().st_size > MOST_BYTES:
        raise UserError(f"{path} is larger than {MOST_BYTES} bytes, so it is not a certificate.")
    try:
        return Certificate.model_validate(loads(path.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "certificate"
        raise UserError(f"{path} is not a valid certificate: {place}: {first['msg']}.") from error
    except ValueError as error:
        raise UserError(f"{path} is not a valid certificate: {error}.") from error

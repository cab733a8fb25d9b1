"""Certificates on disk: canonical, and refused in one line where they are not what they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_claims import occam

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from leaderboards.statistics.certificates.certify import certify
from leaderboards.statistics.certificates.files import read_certificate, write_certificate


def test_written_and_read(tmp_path: Path) -> None:
    certificate = certify(occam())
    digest = write_certificate(tmp_path / "certificate.json", certificate)
    assert read_certificate(tmp_path / "certificate.json") == certificate
    assert digest == sha256_file(tmp_path / "certificate.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "not a valid certificate"), ('{"value": NaN}', "holds NaN"), ("[]", "not a valid certificate"),
     ('{"value": 0.1, "value": 0.2}', "occurs twice"), ("{}", "subject: Field required")],
)  # fmt: skip
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(UserError, match=message) as refused:
        read_certificate(tmp_path / "bad.json")
    assert "\n" not in str(refused.value)


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leaderboards certify --output"):
        read_certificate(tmp_path / "none.json")

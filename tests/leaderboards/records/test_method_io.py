"""One text, one hash, and refusals in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_studies import own_study

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from leaderboards.records.method_io import METHOD_FILE, METHOD_HASH_FILE, method_hash, read_study, write_study


def test_round_trip(tmp_path: Path) -> None:
    record = own_study()
    digest = write_study(tmp_path / "study", record)
    assert read_study(tmp_path / "study") == record and digest == method_hash(record)
    assert sha256_file(tmp_path / "study" / METHOD_FILE) == digest
    assert (tmp_path / "study" / METHOD_HASH_FILE).read_text() == f"{digest}  {METHOD_FILE}\n"
    assert write_study(tmp_path / "alone.json", record) == digest and read_study(tmp_path / "alone.json") == record


@pytest.mark.parametrize(
    ("text", "match"),
    [("{", "not a valid"), ('{"arms": NaN}', "NaN"), ('{"method": "a", "method": "b"}', "twice"), ("{}", "more")],
)
def test_what_is_no_record(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / METHOD_FILE).write_text(text)
    with pytest.raises(UserError, match=match) as refused:
        read_study(tmp_path)
    assert "\n" not in str(refused.value)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no method record"):
        read_study(tmp_path)

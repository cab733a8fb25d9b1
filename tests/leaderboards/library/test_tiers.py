"""Only a well-formed ledger raises a record to the highest tier."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_splits.errors import UserError
from leaderboards.library.tiers import read_ledger

GOOD = '{"by": "me", "date": "2026-11-28", "command": "chexgenbench eval"}'


def test_ledger(tmp_path: Path) -> None:
    assert read_ledger(tmp_path) == {}
    (tmp_path / "ledger.json").write_text(f'{{"aa": {{"recomputed from samples": {GOOD}}}, "bb": {{}}}}')
    found = read_ledger(tmp_path)
    assert list(found) == ["aa"] and found["aa"].by == "me"


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        f'{{"aa": {{"published": {GOOD}}}}}',
        '{"aa": {"recomputed from samples": {"by": ""}}}',
        '{"aa": {"recomputed from samples": 1}}',
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "ledger.json").write_text(text)
    with pytest.raises(UserError, match=r"ledger\.json"):
        read_ledger(tmp_path)

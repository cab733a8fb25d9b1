"""Parquet tables: what is written is read, and other versions and strangers' files are refused with the fix."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_boards import Tables

from data_splits.errors import UserError
from leaderboards.boards import store


def test_round_trip_and_refusals(made: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for table, rows in made.items():
        assert store.write(tmp_path, table, rows) == len(rows)
        assert store.read(tmp_path, table) == rows
    with pytest.raises(ValueError, match="other columns"):
        store.write(tmp_path, "protocols", [{"benchmark": "mirb"}])
    with pytest.raises(UserError, match="leaderboards build --output"):
        store.read(tmp_path / "nowhere", "models")
    (tmp_path / "ranks.parquet").write_bytes(b"PAR1 not at all")
    with pytest.raises(UserError, match="again"):
        store.read(tmp_path, "ranks")
    monkeypatch.setattr(store, "VERSION", "0")
    with pytest.raises(UserError, match="another version"):
        store.read(tmp_path, "models")

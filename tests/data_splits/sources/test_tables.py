"""Cells: ages, sexes, views, ids; and what a CSV reader keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_splits.errors import UserError
from data_splits.sources.tables import find_column, read_age, read_csv, read_sex, read_view, refuse, safe_id


def test_cells() -> None:
    assert [read_age(text) for text in ("58", "058Y", "18M", "414", "", "old", "7.5")] == [
        58,
        58,
        1.5,
        None,
        None,
        None,
        7.5,
    ]
    assert [read_sex(text) for text in ("M", "female", "X", "")] == ["M", "F", None, None]
    assert [read_view(text) for text in ("ap", "PA", "LL", "postero-anterior", "?")] == [
        "AP",
        "PA",
        "lateral",
        "PA",
        None,
    ]
    assert safe_id("a b/c:ä.d") == "a_b_c_.d"


def test_cells_are_kept_as_written_and_columns_on_demand(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('\ufeffid,a b,note\n007,NA,"x\ny"\n\n1,None,\n', encoding="utf-8")
    table = read_csv(tmp_path / "t.csv")
    assert (len(table), table["id"], table["a b"], table["note"]) == (2, ["007", "1"], ["NA", "None"], ["x\ny", ""])
    part = read_csv(tmp_path / "t.csv", keep=["A_B"])
    assert part.columns == ["a b"]
    with pytest.raises(UserError, match="It has: id, a b, note"):
        find_column(part, "prompt", ("prompt",))


def test_refuse_counts_and_lists() -> None:
    refuse("f", "problem(s)", [])
    with pytest.raises(UserError, match=r"^f: 12 problem\(s\):\n  p0\n(.*\n){9}  \.\.\. and 2 more$"):
        refuse("f", "problem(s)", [f"p{k}" for k in range(12)])

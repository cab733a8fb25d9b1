"""A published row without source, tag or warning is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from leaderboards.reference.schema import PublishedRow, PublishedTable, number


def made(row: dict[str, Any] | None = None, **changes: Any) -> PublishedTable:
    one = {"model": "m", "printed": {"a": "1.5", "b": "2.5"}, "source": "paper", "tag": "paper"} | (row or {})
    data = {
        "id": "t", "title": "t", "benchmark": "methods", "protocol": "p", "columns": ["a", "b", "mean"], "source": "s",
        "flags": {}, "rows": [one],
    }  # fmt: skip
    return PublishedTable.model_validate(data | changes)


@pytest.mark.parametrize(
    ("row", "changes", "words"),
    [
        ({"tag": "S"}, {}, "tagged S and not flagged unverified"),
        ({"tag": "X"}, {}, "no tag"),
        ({"source": None}, {}, "string"),
        ({"printed": {"a": "about 3"}}, {}, "not a printed number"),
        ({"printed": {"z": "3"}}, {}, "no column or number for z"),
        ({"cell_flags": {"mean": ("odd",)}}, {"flags": {"odd": "?"}}, "no column or number for mean"),
        ({"flags": ("odd",)}, {}, "without a text, or without use"),
        ({}, {"flags": {"odd": "?"}}, "without a text, or without use"),
        ({}, {"directions": {"z": "lower"}}, "no column z"),
        ({}, {"mean_of": {"mean": ["z"]}}, "no column z"),
        ({"surprise": 1}, {}, "Extra inputs"),
        ({}, {"benchmark": "other"}, "Input should be"),
    ],
)
def test_what_is_incomplete_is_refused(row: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        made(row, **changes)


def test_a_row_that_stands_twice_is_refused() -> None:
    row = made().rows[0].model_dump()
    with pytest.raises(ValidationError, match="twice"):
        made(rows=[row, row])


def test_the_mean_of_cells_needs_all_of_them() -> None:
    whole = made(mean_of={"mean": ["a", "b"]})
    assert whole.recomputed(whole.rows[0], "mean") == 2.0
    part = made({"printed": {"a": "1.5"}}, mean_of={"mean": ["a", "b"]})
    assert part.recomputed(part.rows[0], "mean") is None


@pytest.mark.parametrize(
    ("text", "value"), [("0.520", 0.52), ("-3", -3.0), ("8e5", 8e5), ("1.5±0.1", 1.5), (">1e3", None)]
)
def test_numbers_as_they_are_printed(text: str, value: float | None) -> None:
    assert number(text) == value
    assert PublishedRow(model="m", printed={"a": text}, source="s", tag="V").values == {"a": value}

"""The published table: arithmetic of every row, and a flag wherever it does not work out."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from leaderboards.reference.mirb import Reference, load, table


def test_printed_averages_are_the_means_of_their_cells_except_where_flagged() -> None:
    published = [row for row in load().rows if row.tier == "published"]
    assert len(published) == 16
    for row in published:
        wrong = abs(row.mean_of_cells - row.values["average"]) > 0.0051  # type: ignore[operator]
        assert wrong == bool({"average", "random-micro"} & set(row.flags)), row.model


def test_known_errors_are_flagged() -> None:
    rows = {row.model: row for row in load().rows if row.tier == "published"}
    assert rows["LLaVA-Next-13B"].mean_of_cells == pytest.approx(29.6275)
    assert rows["Random"].mean_of_cells == pytest.approx(19.96)
    assert rows["LongVA-7B"].values["reasoning"] == rows["VILA-7B"].values["reasoning"] == 35.31
    assert "same-value" in rows["LongVA-7B"].flags and "same-value" in rows["VILA-7B"].flags
    assert all(("swapped-headers" in row.flags) == (row.source == "paper") for row in rows.values())
    assert rows["GPT-4V"].values == {
        "knowledge": 75.66, "reasoning": 50.59, "perception": 49.67, "multi-hop": 36.29, "average": 53.05,
    }  # fmt: skip


def test_numbers_of_third_parties_are_never_taken_for_published_ones() -> None:
    third = [row for row in load().rows if row.tier == "third-party"]
    assert len(third) > 30 and all("third-party" in row.flags and row.source != "paper" for row in third)
    gap = {row.source: row.values["average"] for row in third if row.model == "InternVL2-8B"}
    assert max(gap.values()) - min(gap.values()) == pytest.approx(6.9)
    assert all("protocol-gap" in row.flags for row in third if row.model == "InternVL2-8B")
    assert len(table(load(), "published").rows) + len(table(load(), "third-party").rows) == len(load().rows)


def test_a_flag_without_a_text_and_an_unknown_field_are_refused() -> None:
    data = load().model_dump(mode="json", by_alias=True)
    with pytest.raises(ValidationError, match="flags without a text"):
        Reference.model_validate(data | {"flags": {}})
    with pytest.raises(ValidationError):
        Reference.model_validate(data | {"surprise": 1})

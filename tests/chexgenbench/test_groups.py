"""Pathology and subgroup membership."""

from __future__ import annotations

from chexgenbench.groups import members
from data_splits.case import Case


def test_membership_counts_only_positives_and_known_metadata() -> None:
    cases = [
        Case("a", "1", labels={"Edema": 1, "Fracture": 0}, view="AP", sex="F", age=39.9),
        Case("b", "2", labels={"Edema": -1}, view="PA", sex="M", age=40),
        Case("c", "3", labels={"Edema": 1}),
    ]
    rows = members(cases)
    assert next(iter(rows)) == "overall"
    assert rows["overall"].tolist() == [0, 1, 2]
    assert rows["pathology=Edema"].tolist() == [0, 2], "an uncertain label is not a positive"
    assert rows["view=AP"].tolist() == [0] and rows["sex=M"].tolist() == [1]
    assert rows["age=<40"].tolist() == [0] and rows["age=40-64"].tolist() == [1]
    assert "pathology=Fracture" not in rows and "age=65+" not in rows


def test_no_cases_leave_an_empty_overall() -> None:
    assert members([])["overall"].tolist() == []

"""Reading labels without evaluating anything."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_splits.case import CHEXPERT_LABELS
from data_splits.sources.labels import (
    chexpert_name,
    labels_of_lists,
    nih_labels,
    read_label_dict,
    read_label_value,
)


@given(st.dictionaries(st.sampled_from(CHEXPERT_LABELS), st.sampled_from([1.0, 0.0, -1.0, None, 1, 0, -1])))
def test_dict_cells_agree_with_literal_eval(labels: dict[str, float | None]) -> None:
    cell = str(labels)
    expected = {name: int(value) for name, value in ast.literal_eval(cell).items() if value is not None}
    assert dict(read_label_dict(cell)) == expected


def test_dict_cells_know_nan_and_json() -> None:
    assert dict(read_label_dict('{"Edema": 1.0, "Fracture": NaN, "Pneumonia": null}')) == {"Edema": 1}
    assert dict(read_label_dict("{'Edema': nan}")) == {}


@pytest.mark.parametrize(
    "cell",
    ["", "Edema", "{'Edema': 2}", "{'Edema': open('x')}", "{'Oedema': 1}", "{'Edema': 1} + {}", "{'Edema' 1}", "[1]"],
)
def test_other_cells_are_refused_without_showing_them(cell: str) -> None:
    with pytest.raises(ValueError, match=r"label|dict") as caught:
        read_label_dict(cell)
    assert not cell or cell not in str(caught.value)


def test_values() -> None:
    assert [read_label_value(text) for text in ("1", "0.0", "-1.0", "", "nan", " 1.0 ")] == [1, 0, -1, None, None, 1]
    with pytest.raises(ValueError, match="1, 0, -1 or empty"):
        read_label_value("0.5")


def test_names_of_both_vocabularies() -> None:
    assert chexpert_name("pleural_effusion") == "Pleural Effusion"
    assert chexpert_name("Effusion") == "Pleural Effusion"
    assert chexpert_name("Hernia") is None
    assert all(chexpert_name(name) == name for name in CHEXPERT_LABELS)


def test_nih_labels_cover_eleven_names() -> None:
    labels = nih_labels(["Mass", "Nodule", "Hernia"])
    assert len(labels) == 11
    assert [name for name, value in labels.items() if value] == ["Lung Lesion"]
    with pytest.raises(ValueError, match="does not have"):
        nih_labels(["Covid"])


def test_lists_leave_unused_names_unknown() -> None:
    labels, other = labels_of_lists([["Edema"], [], ["Hernia", "Effusion"]])
    assert [dict(row) for row in labels] == [
        {"Edema": 1, "Pleural Effusion": 0},
        {"Edema": 0, "Pleural Effusion": 0},
        {"Edema": 0, "Pleural Effusion": 1},
    ]
    assert other == {"Hernia": 1}

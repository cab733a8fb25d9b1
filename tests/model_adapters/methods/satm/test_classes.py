"""The rule that gives multi-label cases one class, and what it refuses."""

from __future__ import annotations

import pytest
from toy_split import toy

from data_splits.case import Case
from data_splits.errors import UserError
from model_adapters.methods.satm.classes import cases_by_class, class_rule


def case(view: str | None = None, **labels: int) -> Case:
    return Case("a", "p", labels={name.replace("_", " "): value for name, value in labels.items()}, view=view)


def test_exclusive_takes_cases_with_exactly_one_of_the_labels() -> None:
    rule = class_rule("edema, No Finding,Pneumonia")
    assert rule.names == ("Edema", "No Finding", "Pneumonia") and rule.kind == "exclusive"
    assert rule.of(case(Edema=1, Pneumonia=0)) == 0
    assert rule.of(case(Pneumonia=1, Cardiomegaly=1)) == 2
    for none in (case(Edema=1, Pneumonia=1), case(Edema=1, Pneumonia=-1), case(Edema=-1), case(Edema=0), case()):
        assert rule.of(none) is None
    assert rule.told(2) == {"labels": {"Edema": 0, "No Finding": 0, "Pneumonia": 1}}


def test_binary_leaves_out_what_is_uncertain_or_unknown() -> None:
    rule = class_rule("Edema")
    assert [rule.of(case(Edema=value)) for value in (1, 0, -1)] == [0, 1, None] and rule.of(case(Pneumonia=1)) is None
    assert rule.names == ("Edema", "no Edema")
    assert rule.told(0) == {"labels": {"Edema": 1}} and rule.told(1) == {"labels": {"Edema": 0}}


def test_an_attribute_needs_no_labels() -> None:
    rule = class_rule("view")
    assert [rule.of(case(view=view)) for view in ("AP", "PA", None)] == [0, 1, None]
    assert rule.told(1) == {"view": "PA"}
    groups = cases_by_class(toy(labels=False).split, "train", rule, 2)
    assert all(each.view == name for name, group in zip(rule.names, groups, strict=True) for each in group)


@pytest.mark.parametrize("text", ["", "Edema,Nothing", "Edema,edema", "age"])
def test_unknown_or_repeated_names_are_told(text: str) -> None:
    with pytest.raises(UserError, match="classes names"):
        class_rule(text)


def test_refusals_name_the_split_and_the_fix() -> None:
    with pytest.raises(UserError, match="has no labels, so its images have no class"):
        cases_by_class(toy(labels=False).split, "train", class_rule("Edema"), 1)
    with pytest.raises(UserError, match="does not tell the sex"):
        cases_by_class(toy().split, "train", class_rule("sex"), 1)
    with pytest.raises(UserError, match=r"has \d+ image\(s\), and 99 a class are needed"):
        cases_by_class(toy().split, "train", class_rule("view"), 99)

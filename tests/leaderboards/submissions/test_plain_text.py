"""Texts of real records pass; whatever renders, reorders or runs does not."""

from __future__ import annotations

from typing import Any

import made_up_record
import pytest
from made_up_record import record

from leaderboards.submissions.plain_text import check_texts


def texts(**changes: Any) -> list[str]:
    return [str(each) for each in check_texts(record(**changes).model_dump(mode="json"), "r")]


def test_a_realistic_record_is_plain() -> None:
    assert texts() == []


def test_texts_of_every_card_of_the_registry_are_plain() -> None:
    from model_adapters.generators import GENERATORS
    from model_adapters.vlms import VLMS

    for registry in (GENERATORS, VLMS):
        for name in registry.targets:
            assert texts(model=registry.card(name).model_dump(mode="json")) == [], name


@pytest.mark.parametrize("name", ["sana", "qwen2.5-vl:7b", "raman07/CheXGenBench (LoRA)", "A", "x+y@1.0"])
def test_names(name: str) -> None:
    assert texts(model={"name": name}) == []


@pytest.mark.parametrize("name", ["-x", "x ", "=1+1", "é", "a\tb", "a<b", "x" * 130, "a|b", "a\u200bb", "ＳＡＮＡ"])
def test_no_names(name: str) -> None:
    assert len(texts(model={"name": name})) == 1


@pytest.mark.parametrize(
    "text", ["n < d, so no interval", "Größe & Zahl; 5 > 3", "see https://x.example/a?b=c", "50 %"]
)
def test_prose(text: str) -> None:
    assert texts(warnings=[text]) == []


@pytest.mark.parametrize(
    "text", ["<b>", "</b", "<!--", "&lt;", "javascript:x", "see /home/me/x", "C:\\x", "a\u2028b", "+1"]
)
def test_no_prose(text: str) -> None:
    assert len(texts(warnings=[text])) == 1


def test_keys_are_texts_too() -> None:
    assert len(texts(not_applicable={"<script>": "x"})) == 1
    assert len(texts(model={"settings": {"a\u202eb": 1}})) == 1
    assert "nested" in texts(split={"a": {"b": {"c": {"d": {"e": {}}}}}})[0]
    assert "fields" in texts(model={f"k{index}": 1 for index in range(5001)})[0]


def test_numbers_of_groups_are_named_by_their_group() -> None:
    """Remembered: utility gaps name their numbers after subgroups, and real records were refused for it."""

    def named(key: str) -> list[str]:
        first, *others = made_up_record.results()
        return texts(results=[first.model_copy(update={"extra": {key: 0.5}}), *others])

    for key in ("auroc.age=<40", "n.view=AP", "generated.Pleural Effusion"):
        assert named(key) == []
    assert named("auroc.<b>") and named("=1+1")

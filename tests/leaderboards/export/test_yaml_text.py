"""What is written is what YAML's own reader reads back."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboards.export.yaml_text import yaml_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=20
)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_reads_back_as_it_was(value: object) -> None:
    assert yaml.safe_load(yaml_text(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "1e3",
        "---",
        "a: b",
        "!!python/object:os.system x",
        "&a",
        "*a",
        "- x",
        "#",
        "\x85\u2028",
        "\x7f",
        "'\"\\",
        "\ufeff",
        " ",
    ],
)
def test_a_text_stays_a_text(text: str) -> None:
    assert yaml.safe_load(yaml_text({text: [text, {"a": text}]})) == {text: [text, {"a": text}]}


def test_small_numbers_are_numbers_in_both_versions_of_yaml() -> None:
    assert yaml_text({"a": 1e-05, "b": 1.5e-7, "c": 1e22}) == "a: 1.0e-05\nb: 1.5e-07\nc: 1.0e+22\n"


def test_what_yaml_has_no_word_for_is_refused() -> None:
    with pytest.raises(ValueError):
        yaml_text({"a": math.nan})
    with pytest.raises(TypeError):
        yaml_text({"a": object()})
    with pytest.raises(TypeError):
        yaml_text({1: "a"})

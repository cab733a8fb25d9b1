"""JSON that two readers could understand differently is refused in one line."""

from __future__ import annotations

import pytest

from leaderboards.records.strict_json import MAX_DEPTH, loads


def test_plain_json_is_read() -> None:
    assert loads('{"a": [1, -2.5e3, null, true, "Größe"], "b": {"a": 9223372036854775807}}') == {
        "a": [1, -2500.0, None, True, "Größe"],
        "b": {"a": 2**63 - 1},
    }
    assert loads("[" * (MAX_DEPTH - 1) + "1" + "]" * (MAX_DEPTH - 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 1}', "twice"),
        ('{"x": {"\\u202e": 1, "\\u202e": 2}}', "u202e"),
        ("[NaN]", "NaN"),
        ("[-Infinity]", "Infinity"),
        ("[1e999]", "not finite"),
        ("[9223372036854775808]", "64 bits"),
        ("[" + "1" * 5000 + "]", "digits"),
        ('["\\ud800"]', "surrogate"),
        ('{"\\udfff": 1}', "surrogate"),
        ("[" * 17 + "]" * 17, "deeper"),
        ("[" * 100_000, "deeper"),
        ('{"a":' * 50_000, "deeper"),
        ("", "Expecting value"),
        ("{'a': 1}", "Expecting"),
        ("[1] [2]", "Extra data"),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        loads(text)
    assert "\n" not in str(error.value) and len(str(error.value)) < 200

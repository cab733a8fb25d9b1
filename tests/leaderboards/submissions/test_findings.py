"""A finding is one harmless line, whatever it quotes."""

from __future__ import annotations

import pytest

from leaderboards.submissions.findings import error, shown, warning

HOSTILE = "a\x1b[2J\u202eb\n::error::x\u0000\ud800é<b>"


def test_lines_are_printable_ascii() -> None:
    line = str(error("text", HOSTILE, f"holds {shown(HOSTILE)}"))
    assert (
        line.isascii() and line.isprintable() and line.startswith("error: a\\x1b[2J\\u202eb\\n::error::x\\x00\\ud800")
    )
    assert error("r", HOSTILE, "m").to_json()["where"].isascii()
    assert str(warning("rule", "where", "what\nhappened")) == "warning: where: what happened [rule]"


@pytest.mark.parametrize("length", [0, 100, 101, 10_000])
def test_long_texts_are_cut(length: int) -> None:
    assert len(shown("x" * length)) == (length if length <= 100 else 103)
    assert len(shown("\u202e" * length)) <= 103 if length > 100 else True

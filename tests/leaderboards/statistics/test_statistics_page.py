"""docs/statistics.md names modules and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "statistics.md").read_text("utf-8")


def test_every_module_and_test_that_the_page_names_exists() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 17
    for module in re.findall(r"`(\w+/\w+\.py)`", PAGE):
        assert (ROOT / "leaderboards" / module).is_file(), module
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 40
    for file, test in named:
        text = (ROOT / "tests" / "leaderboards" / file).read_text("utf-8")
        assert f"def {test}(" in text, f"{file}::{test}"

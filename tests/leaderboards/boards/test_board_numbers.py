"""The public board's numbers by formulas that share no code with the estimators (benchmarks/board_numbers.py)."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from leaderboards.boards.cohort import cohorts
from leaderboards.boards.results import result_rows
from leaderboards.boards.words import HEADLINE, split_name
from leaderboards.library.library import PUBLIC, Library

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    sys.path.insert(0, str(ROOT))
    try:
        return importlib.import_module("benchmarks.board_numbers")
    finally:
        sys.path.remove(str(ROOT))


def test_the_board_shows_what_independent_formulas_find(script: ModuleType) -> None:
    text = Path(str(script.__file__)).read_text()
    assert "import leaderboards" not in text and "from leaderboards" not in text
    rows = result_rows(cohorts((entry, "public") for entry in Library.public().entries()))
    shown = {(row["record"], row["metric"], row["group"], row["variant"]): row["value"] for row in rows}
    headlines = {name for names in HEADLINE.values() for name in names}
    checked = 0
    for found in script.numbers():
        assert shown[found.key] == found.recorded, found
        if found.again is None:
            assert split_name(found.key[1])[0] not in headlines, found
            continue
        assert script.close(found.recorded, found.again), found
        checked += 1
    assert checked > 2000


def test_a_digit_is_noticed(script: ModuleType, tmp_path: Path) -> None:
    (path,) = PUBLIC.glob("records/mirb/*/*/text-only-*/*/record.json")
    record = json.loads(path.read_text())
    for digest in record["statistics"].values():
        name = f"statistics/{digest[:2]}/{digest}.safetensors"
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PUBLIC / name, tmp_path / name)
    result = next(each for each in record["results"] if each["group"] == "overall" and each["value"])
    result["value"] *= 1 + 1e-5
    copy = tmp_path / path.relative_to(PUBLIC)
    copy.parent.mkdir(parents=True)
    copy.write_text(json.dumps(record))
    wrong = [each for each in script.numbers(tmp_path) if not script.close(each.recorded, each.again)]
    assert [each.key[1:] for each in wrong] == [(result["metric"], result["group"], result["variant"])]

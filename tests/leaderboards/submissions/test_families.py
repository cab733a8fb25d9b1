"""A record far from its family's is for the reviewer to look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_submissions import drawn, library, real, run_folder
from made_up_record import record

from leaderboards.submissions.families import check_family, family
from leaderboards.submissions.form import read


@pytest.mark.parametrize(
    ("name", "word"), [("sana-1.6b", "sana"), ("Qwen2.5-VL:7b", "qwen"), ("sd3.5", "sd"), ("1", ""), ("", "")]
)
def test_family(name: str, word: str) -> None:
    assert family(record(model={"name": name})) == word


def test_large_differences_are_named(tmp_path: Path) -> None:
    held = library(tmp_path / "results")
    peer = held.add(run_folder(tmp_path / "a", "sana-1", 1))
    for name, features, count in (("sana-2", drawn(2), 0), ("sana-3", 3 * real(), 1), ("flux", 3 * real(), 0)):
        each, _ = read(run_folder(tmp_path / name, name, 3, features), "r")
        assert each is not None
        found = check_family(each, [peer])
        assert len(found) == count, name
        if count:
            assert found[0].level == "warning" and "precision_lite0 0 against" in found[0].message

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from chexgenbench.curation.candidates import Candidate
from chexgenbench.curation.grades import Graded, Tally
from chexgenbench.curation.journal import graded_all
from data_splits.case import Case
from data_splits.errors import UserError


class Counting:
    """Grades by parity and dies at a chosen image."""

    name, card = "counting", {"name": "counting"}

    def __init__(self, fingerprint: str = "a", dies_at: str = "") -> None:
        self.fingerprint, self.dies_at, self.asked = fingerprint, dies_at, []  # type: ignore[var-annotated]

    def grade(self, candidates: Sequence[Candidate]) -> list[Graded]:
        if any(each.id == self.dies_at for each in candidates):
            raise KeyboardInterrupt
        self.asked += [each.id for each in candidates]
        return [Graded(("high", "low")[int(each.id[1:]) % 2], 0.5) for each in candidates]


def pool(n: int, prompt: str = "Secret edema.") -> list[Candidate]:
    return [
        Candidate(f"c{k}", Case(f"c{k}", f"p{k}", prompt=prompt), lambda k=k: np.full((4, 4), k, np.uint8))  # type: ignore[misc]
        for k in range(n)
    ]


def test_a_killed_curation_goes_on_and_ends_in_the_same_file(tmp_path: Path) -> None:
    whole, _ = graded_all(pool(10), Counting(), tmp_path / "whole.jsonl", batch=3)
    path = tmp_path / "killed.jsonl"
    with pytest.raises(KeyboardInterrupt):
        graded_all(pool(10), Counting(dies_at="c7"), path, batch=3)
    with path.open("a") as stream:
        stream.write('{"torn')
    again = Counting()
    found, hashes = graded_all(pool(10), again, path, batch=3)
    assert found == whole and again.asked == ["c6", "c7", "c8", "c9"] and len(set(hashes)) == 10
    assert path.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert "Secret" not in path.read_text()
    assert Tally.of(found).counts == {"high": 5, "low": 5}


@pytest.mark.parametrize("change", ["grader", "prompt"])
def test_another_grader_or_prompt_is_graded_anew(tmp_path: Path, change: str) -> None:
    path = tmp_path / "grades.jsonl"
    graded_all(pool(4), Counting(), path)
    again = Counting("b" if change == "grader" else "a")
    graded_all(pool(4, "Other." if change == "prompt" else "Secret edema."), again, path)
    assert len(again.asked) == 4


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "grades.jsonl"
    path.write_text("{}\n")
    with pytest.raises(UserError, match="Line 1"):
        graded_all(pool(1), Counting(), path)

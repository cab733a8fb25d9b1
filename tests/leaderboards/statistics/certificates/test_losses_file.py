"""CSV in: order kept, one case a patient whatever its loss, errors that repeat no content."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_splits.errors import UserError
from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.losses_file import read_candidates, read_cases, read_losses


def written(folder: Path, text: str) -> Path:
    path = folder / "cases.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_cases_and_losses_in_order(tmp_path: Path) -> None:
    path = written(tmp_path, "﻿patient,case,loss,image\nq,b,1,y\np,a,0.25,x\n")
    sample, losses = read_losses(path)
    assert sample == CaseSet(("b", "a"), ("q", "p"), ("y", "x")) and losses.tolist() == [1.0, 0.25]
    assert read_cases(path) == sample
    assert read_cases(written(tmp_path, "case,patient,image\na,p,x\nb,q,\n")).images == ()


def test_the_case_that_is_kept_of_a_patient_does_not_depend_on_losses_or_order(tmp_path: Path) -> None:
    rows = [(f"c{i}", f"p{i % 7}") for i in range(40)]
    first, _ = read_losses(written(tmp_path, "case,patient,loss\n" + "".join(f"{c},{p},0\n" for c, p in rows)), True)
    text = "case,patient,loss\n" + "".join(f"{c},{p},1\n" for c, p in reversed(rows))
    second, losses = read_losses(written(tmp_path, text), True)
    assert set(first.cases) == set(second.cases) and len(set(first.patients)) == len(first.cases) == len(losses) == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("case,loss\na,0\n", "no column patient. Its first line must name case, patient, loss"),
        ("case,patient,loss\na,p,secret\n", "loss number 1 is not a number"),
        ("case,patient,loss\na,,0\n", "1 rows have no case or no patient"),
        ("", "no column case, patient, loss"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as refused:
        read_losses(written(tmp_path, text))
    assert "secret" not in str(refused.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        read_losses(tmp_path / "none.csv")
    with pytest.raises(UserError, match="not a text file"):
        read_losses(tmp_path)


def test_candidates(tmp_path: Path) -> None:
    assert read_candidates(written(tmp_path, "m1\n\n m2 \n")) == ["m1", "m2"]
    for text, message in (("\n", "lists no candidate"), ("m1\nm2\nm1\n", "lists 1 candidates twice")):
        with pytest.raises(UserError, match=message):
            read_candidates(written(tmp_path, text))

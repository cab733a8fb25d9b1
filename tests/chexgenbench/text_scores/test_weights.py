from __future__ import annotations

from pathlib import Path

import pytest

from chexgenbench.text_scores.base import Where
from chexgenbench.text_scores.registry import OFFLINE, SCORES, text_score
from chexgenbench.text_scores.weights import VARIABLE, folder_of, lacks_files, weights_hash
from data_splits.errors import UserError


def test_a_folder_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert folder_of("green", Where()) is None
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert folder_of("green", Where()) == tmp_path / "green"
    assert folder_of("green", Where(tmp_path / "own")) == tmp_path / "own"


def test_only_absent_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    told = lacks_files("green", Where(tmp_path), ["a", "b"], "fetch b")
    assert told == f"b of green missing (--score-weights green=FOLDER or ${VARIABLE}/green): fetch b"
    assert lacks_files("green", Where(tmp_path), ["a"], "") is None


def test_the_hash_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = weights_hash("green", Where(tmp_path))
    (tmp_path / "a").write_text("2")
    assert weights_hash("green", Where(tmp_path)) != first and weights_hash("green", Where()) == ""


def test_every_score_answers_to_its_name() -> None:
    assert [text_score(name).name for name in SCORES] == list(SCORES)
    assert [name for name in SCORES if not text_score(name).modelled] == list(OFFLINE)
    with pytest.raises(UserError, match="Did you mean rouge_l"):
        text_score("rouge")

from __future__ import annotations

from pathlib import Path

import pytest
from fake_scorers import Calls, overlap, ratescore
from made_pairs import GENERATED, REFERENCES

from chexgenbench.text_scores.base import Where
from chexgenbench.text_scores.ratescore import NER, RATESCORE, SYNONYMS


def test_it_asks_the_package_with_local_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: Calls = []
    ratescore(monkeypatch, calls)
    for name in (NER, SYNONYMS):
        (tmp_path / "ratescore" / name).mkdir(parents=True)
        (tmp_path / "ratescore" / name / "config.json").touch()
    monkeypatch.setenv("CHEXGENBENCH_SCORE_WEIGHTS", str(tmp_path))
    assert RATESCORE.lacks(Where()) is None
    found = RATESCORE.terms([*REFERENCES, ""], [*GENERATED, ""], Where())
    expected = [overlap(a, b) for a, b in zip(GENERATED, REFERENCES, strict=True)]
    assert found[:, 0].tolist() == pytest.approx([*expected, 0.0])
    folder = tmp_path / "ratescore"
    assert calls == [{"bert_model": str(folder / NER), "eval_model": str(folder / SYNONYMS), "use_gpu": False}]


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "report-models" in str(RATESCORE.lacks(Where()))
    ratescore(monkeypatch, [])
    assert f"hf download Angelakeke/{NER}" in str(RATESCORE.lacks(Where()))

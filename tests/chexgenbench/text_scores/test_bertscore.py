from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_scorers import Calls, bert_score, overlap
from made_pairs import GENERATED, REFERENCES

from chexgenbench.text_scores.base import Where
from chexgenbench.text_scores.bertscore import BERTSCORE, layer_of


def model(folder: Path, layers: int, key: str = "num_hidden_layers") -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({key: layers}))
    return folder


def test_it_asks_the_package_by_folder_and_layer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: Calls = []
    bert_score(monkeypatch, calls)
    folder = model(tmp_path / "own", 4)
    found = BERTSCORE.terms([*REFERENCES, ""], [*GENERATED, "a"], Where(folder))
    expected = [overlap(a, b) for a, b in zip(GENERATED, REFERENCES, strict=True)]
    assert found[:, 0].tolist() == pytest.approx([*expected, 0.0], abs=1e-6)
    (call,) = calls
    assert call["model_type"] == str(folder) and call["num_layers"] == 4 and call["rescale_with_baseline"] is False


def test_the_layer_is_the_packages_own_for_models_it_knows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bert_score(monkeypatch, [])
    assert layer_of(model(tmp_path / "distilbert-base-uncased", 6, "n_layers")) == 5
    assert layer_of(model(tmp_path / "other", 6)) == 6


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert BERTSCORE.lacks(Where()) == "bert_score is missing: pip install bert-score"
    bert_score(monkeypatch, [])
    assert "hf download distilbert-base-uncased" in str(BERTSCORE.lacks(Where()))

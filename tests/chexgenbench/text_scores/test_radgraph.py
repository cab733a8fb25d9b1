from __future__ import annotations

from pathlib import Path

import pytest
from fake_scorers import Calls, overlap, radgraph
from made_pairs import GENERATED, REFERENCES

from chexgenbench.text_scores.base import Where
from chexgenbench.text_scores.radgraph import RADGRAPH


def weights(folder: Path) -> Path:
    (folder / "radgraph" / "vocabulary").mkdir(parents=True)
    (folder / "radgraph" / "config.json").touch()
    (folder / "radgraph" / "weights.th").touch()
    return folder


def test_it_asks_the_package_for_what_was_published(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: Calls = []
    radgraph(monkeypatch, calls)
    where = Where(weights(tmp_path))
    assert RADGRAPH.lacks(where) is None
    found = RADGRAPH.terms([*REFERENCES, "a"], [*GENERATED, " "], where)
    expected = [overlap(a, b) for a, b in zip(REFERENCES, GENERATED, strict=True)]
    assert found.tolist() == [*([pytest.approx(each), 1.0] for each in expected), [0.0, 1.0]]
    assert calls == [
        {"reward_level": "partial", "model_type": "radgraph", "model_cache_dir": str(tmp_path), "cuda": -1}
    ]
    RADGRAPH.terms(["a"], [""], where)
    assert len(calls) == 1, "nothing to read, nothing loaded"


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert RADGRAPH.lacks(Where()) == 'radgraph is missing: pip install "chexgenbench-suite[report-models]"'
    radgraph(monkeypatch, [])
    told = RADGRAPH.lacks(Where(tmp_path))
    assert told is not None and "radgraph/weights.th" in told and "radgraph.tar.gz" in told and "\n" not in told

"""`chexgenbench compare` on made-up and on real runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compared_runs import run_folder
from small_runs import evaluate, run


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pair")
    return run_folder(folder / "a", "good", 0.05, 0.9, 5), run_folder(folder / "b", "bad", 0.7, 0.6, 6)


def test_every_format_and_the_page(pair: tuple[Path, Path], tmp_path: Path) -> None:
    text = run("compare", *pair, "--output", tmp_path, cache=tmp_path).stdout
    assert "good" in text and "rank 1" in text and "p (Holm)" in text
    assert (tmp_path / "comparison.html").read_text().startswith("<!doctype html>")
    answer = json.loads(run("compare", *pair, "--metrics", "kid", "--json", cache=tmp_path).stdout)
    assert [each["metric"] for each in answer["metrics"]] == ["kid"]
    assert answer["metrics"][0]["order"] == ["good", "bad"] and answer["mean_rank"] == {"good": 1.0, "bad": 2.0}
    assert run("compare", *pair, "--format", "latex", cache=tmp_path).stdout.count("tabular") >= 6


def test_mistakes_are_named(pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert "two run folders" in run("compare", pair[0], cache=tmp_path, expect=2).stderr
    assert "--format is one of" in run("compare", *pair, "--format", "pdf", cache=tmp_path, expect=2).stderr
    other = run_folder(tmp_path / "other", "other", protocol="v1")
    assert "different protocol" in run("compare", pair[0], other, cache=tmp_path, expect=2).stderr
    assert "No metric has a value" in run("compare", *pair, "--group", "sex=F", cache=tmp_path, expect=2).stderr


def test_real_runs_are_paired(small_run: Path, tmp_path: Path, cache: Path) -> None:
    options = ("--metrics", "kid,precision,fid64")
    one = evaluate(tmp_path / "real", *options, cache=cache)
    other = evaluate(tmp_path / "noisy", *options, cache=cache, model="noisy-memoriser")
    found = json.loads(run("compare", one, other, "--json", cache=cache).stdout)["metrics"]
    by_name = {each["metric"]: each for each in found}
    assert by_name["kid_lite0"]["order"][0] == "real-holdout"
    assert all(gap["paired"] for each in found for gap in each["differences"])

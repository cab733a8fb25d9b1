"""A library keeps each record where its content says, and the same bytes once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from compared_runs import run_folder

from data_splits.errors import UserError
from leaderboards.comparison.compare import as_json, compare, load
from leaderboards.library.library import Library, unique
from leaderboards.library.recomputed import Recomputed
from leaderboards.library.tiers import Tier
from leaderboards.records.recompute import recompute


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mine")
    run_folder(root / "near", "near", shift=0.1)
    run_folder(root / "far", "far", shift=0.9, right=0.4, seed=6)
    return root


def library(root: Path) -> Library:
    root.mkdir(exist_ok=True)
    return Library(root, Recomputed(root.parent / "recomputed.json"))


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_run_is_stored_once_at_the_path_of_its_content(runs: Path, tmp_path: Path) -> None:
    held = library(tmp_path / "results")
    entry = held.add(runs / "near")
    before = files(held.root)
    assert held.add(runs / "near") == entry and files(held.root) == before
    parts = entry.folder.relative_to(held.root).parts
    assert parts[:2] == ("records", "chexgenbench") and parts[-1] == entry.hash[:16]
    assert parts[2].startswith("made-up-test-") and parts[3].startswith("v2-") and parts[4].startswith("near-")
    assert recompute(entry.folder) == []


def test_statistics_that_two_models_share_are_one_file(runs: Path, tmp_path: Path) -> None:
    run_folder(tmp_path / "again", "again", shift=0.1, right=0.7)
    held = library(tmp_path / "results")
    for folder in (runs / "near", tmp_path / "again"):
        held.add(folder)
    names = [name for entry in held.entries() for name in entry.record.statistics]
    assert len(names) == 8 and len(list(held.root.glob("statistics/*/*.safetensors"))) == 4


def test_entries_of_run_folders_and_of_a_library_read_alike(runs: Path, tmp_path: Path) -> None:
    held = library(tmp_path / "results")
    for name in ("near", "far"):
        held.add(runs / name)
    plain = {entry.hash: entry for entry in library(runs).entries()}
    stored = {entry.hash: entry for entry in held.entries()}
    assert plain.keys() == stored.keys() and len(stored) == 2
    for digest, entry in stored.items():
        reference = str(entry.record.results[0].statistics)
        ours, theirs = entry.reader().arrays(reference), plain[digest].reader().arrays(reference)
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
        assert entry.statistics_path("metric.kid.safetensors").is_file()
    assert [entry.hash for entry in unique([held, library(runs)])] == list(stored)
    assert [entry.folder for entry in library(runs / "near").entries()] == [runs / "near"]


def test_a_comparison_of_stored_records_is_that_of_the_runs(runs: Path, tmp_path: Path) -> None:
    held = library(tmp_path / "results")
    folders = [held.add(runs / name).folder for name in ("near", "far")]
    ours, theirs = compare(load(folders)), compare(load([runs / "near", runs / "far"]))
    assert as_json(ours) == as_json(theirs)
    assert any(gap.paired for each in ours for gap in each.differences.values())


def test_tier_rises_when_every_number_was_recomputed(runs: Path, tmp_path: Path) -> None:
    held = library(tmp_path / "results")
    digest = held.add(runs / "near").hash
    assert [entry.tier for entry in held.entries()] == [Tier.self_reported]
    assert held.recompute()[digest].all_agreed
    assert [entry.tier for entry in held.entries()] == [Tier.from_statistics]
    assert [entry.tier for entry in library(held.root).entries()] == [Tier.from_statistics]
    line = {digest: {"recomputed from samples": {"by": "me", "date": "2026-11-28", "command": "eval"}}}
    (held.root / "ledger.json").write_text(json.dumps(line))
    assert [entry.tier for entry in held.entries()] == [Tier.from_samples]


def test_a_broken_record_is_named(runs: Path, tmp_path: Path) -> None:
    held = library(tmp_path / "results")
    entry = held.add(runs / "near")
    path = entry.folder / "record.json"
    text = path.read_text()
    path.write_text(text.replace('"run_seed":1', '"run_seed":2'))
    with pytest.raises(UserError, match="changed after it was written"):
        held.entries()
    path.write_text(text[:-1])
    with pytest.raises(UserError, match=r"record\.json is not a valid result record"):
        held.entries()
    path.write_text(text)
    entry.folder.rename(entry.folder.with_name("0" * 16))
    with pytest.raises(UserError, match="should lie at"):
        held.entries()


def test_a_run_whose_files_do_not_fit_is_not_added(runs: Path, tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", "near")
    held = library(tmp_path / "results")
    statistics = folder / "statistics" / "metric.kid.safetensors"
    kept = statistics.read_bytes()
    statistics.write_bytes(kept[:-1] + b"\x01")
    with pytest.raises(UserError, match="not the file that the record names"):
        held.add(folder)
    statistics.unlink()
    with pytest.raises(UserError, match="lacks the statistics file"):
        held.add(folder)
    statistics.write_bytes(kept)
    (folder / "record.sha256").write_text("0" * 64 + "  record.json\n")
    with pytest.raises(UserError, match="hash"):
        held.add(folder)
    assert files(held.root) == set()
    with pytest.raises(UserError, match="no folder"):
        Library(tmp_path / "nowhere")


def test_the_shipped_results_are_readable() -> None:
    assert all(entry.folder.is_dir() for entry in Library.public().entries())

"""The same reference finds its file beside a run's record and in a library."""

from __future__ import annotations

from pathlib import Path

from compared_runs import run_folder

from leaderboards.library.library import Library
from leaderboards.library.recomputed import Recomputed
from leaderboards.records.io import read_record
from leaderboards.records.locate import library_root, locate, reader


def test_both_layouts(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "records" / "a" / "b" / "c" / "d" / "run", "m")
    record = read_record(run)
    root = tmp_path / "library"
    root.mkdir()
    folder = Library(root, Recomputed(tmp_path / "recomputed.json")).add(run).folder
    assert library_root(run) is None, "a folder with statistics beside its record is a run, wherever it lies"
    assert library_root(folder) == root
    name = "metric.kid.safetensors"
    assert locate(run, record)(name) == run / "statistics" / name
    stored = locate(folder, record)(name)
    assert stored.read_bytes() == locate(run, record)(name).read_bytes()
    assert stored == root / "statistics" / record.statistics[name][:2] / f"{record.statistics[name]}.safetensors"
    reference = str(record.results[0].statistics)
    assert reader(run, record).arrays(reference).keys() == reader(folder, record).arrays(reference).keys()

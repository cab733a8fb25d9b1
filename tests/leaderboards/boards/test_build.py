"""The whole build: no table mixes protocols, equal bytes for equal records, tampering stays off, numbers hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_boards import Tables, runs
from safetensors.numpy import load_file

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from leaderboards.boards import build as module
from leaderboards.boards import store
from leaderboards.boards.build import build, fresh
from leaderboards.library.library import Library
from leaderboards.library.recomputed import Recomputed
from leaderboards.records.io import write_record
from leaderboards.records.schema import ResultRecord

KEY = ("benchmark", "protocol", "protocol_hash", "split", "version", "subset", "split_hash", "cases")


def test_rows_of_two_protocols_never_share_a_table(made: Tables) -> None:
    seen: dict[str, tuple[str, ...]] = {}
    for row in made["results"]:
        assert seen.setdefault(row["cohort"], tuple(row[key] for key in KEY)) == tuple(row[key] for key in KEY)
    assert len(seen) == len(set(seen.values())) == 3
    home = {row["record"]: row["cohort"] for row in made["models"]}
    for table in ("results", "standings", "ranks", "fronts"):
        assert all(home[row["record"]] == row["cohort"] for row in made[table]), table
    assert all(home[row["a"]] == home[row["b"]] == row["cohort"] for row in made["pairs"])


def test_numbers_follow_from_the_stored_arrays_by_other_means(made: Tables, run_folders: Path) -> None:
    value = {(row["model"], row["metric"]): row["value"] for row in made["results"] if row["group"] == "overall"}
    for name in ("good", "twin", "bad"):
        folder = run_folders / name / "statistics"
        precision = load_file(folder / "metric.precision.safetensors")
        assert value[name, "precision"] == pytest.approx(precision["overall/raw/values"].mean(), abs=1e-12)
        kid = load_file(folder / "metric.kid.safetensors")
        sums, counts = (kid[f"overall/raw/total_{part}"].reshape(-1) for part in ("sum", "count"))
        # Pairs among generated, among real, across: the U-statistic is the sum of the first two less twice the third.
        means = sums / counts
        assert value[name, "kid"] == pytest.approx(means[0] + means[1] - 2 * means[2], rel=1e-9)
        frechet = load_file(folder / "metric.fid.safetensors")
        generated, real = (frechet[f"overall/raw/{side}"].astype(float) for side in ("generated", "reference"))
        covariances = [np.cov(side, rowvar=False) for side in (generated, real)]
        root = np.sqrt(np.linalg.eigvals(covariances[0] @ covariances[1]).real.clip(0)).sum()
        gap = ((generated.mean(0) - real.mean(0)) ** 2).sum()
        assert value[name, "fid"] == pytest.approx(gap + sum(map(np.trace, covariances)) - 2 * root, rel=1e-6)


def test_the_same_records_give_the_same_bytes_and_a_new_one_is_noticed(tmp_path: Path) -> None:
    folder = runs(tmp_path / "runs")
    libraries = [(Library(folder, Recomputed(tmp_path / "recomputed.json")), "private")]
    assert not fresh(libraries, tmp_path / "one")
    first = build(libraries, tmp_path / "one")
    assert fresh(libraries, tmp_path / "one") and first.computed > 0 and not first.left_out
    again, other = build(libraries, tmp_path / "one"), build(libraries, tmp_path / "two")
    assert again.computed == 0 and other.computed == first.computed
    for table in store.COLUMNS:
        hashes = {sha256_file(tmp_path / where / f"{table}.parquet") for where in ("one", "two")}
        assert len(hashes) == 1, table
        assert len(store.read(tmp_path / "one", table)) == first.rows[table]
    assert {row["tier"] for row in store.read(tmp_path / "one", "models")} == {"recomputed from statistics"}

    # A digit changed and the hash mended: the numbers do not follow from the arrays any more.
    data = json.loads((folder / "good" / "record.json").read_text())
    data["results"][0]["value"] *= 0.5
    write_record(folder / "good", ResultRecord.model_validate(data))
    assert not fresh(libraries, tmp_path / "one")
    caught = build(libraries, tmp_path / "one")
    assert len(caught.left_out) == 1 and "value" in next(iter(caught.left_out.values()))[0]
    assert "good" not in {row["name"] for row in store.read(tmp_path / "one", "models")}

    # A digit changed and nothing mended.
    path = folder / "bad" / "record.json"
    path.write_text(path.read_text().replace('"run_seed":1', '"run_seed":2'))
    with pytest.raises(UserError, match="changed after it was written"):
        build(libraries, tmp_path / "one")


def test_tables_of_a_killed_build_are_not_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").mkdir()
    libraries = [(Library(tmp_path / "runs", Recomputed(tmp_path / "recomputed.json")), "private")]
    build(libraries, tmp_path / "one")
    assert fresh(libraries, tmp_path / "one")
    real = store.write

    def killed(folder: Path, table: str, rows: Any) -> int:
        if table == "pairs":
            raise KeyboardInterrupt
        return real(folder, table, rows)

    monkeypatch.setattr(store, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        build(libraries, tmp_path / "one")
    assert not fresh(libraries, tmp_path / "one")


def test_every_table_has_its_columns(made: Tables) -> None:
    for table, rows in made.items():
        assert rows and all(row.keys() == set(store.names(table)) for row in rows), table
    assert module.STAMP_FILE not in store.COLUMNS

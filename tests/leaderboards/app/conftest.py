"""One small board, built once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_boards import Tables, runs, tables_of

from leaderboards.boards.board import Board


@pytest.fixture(scope="package")
def run_folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="package")
def made(run_folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return tables_of(run_folders, tmp_path_factory.mktemp("cache") / "recomputed.json")


@pytest.fixture(scope="package")
def board(made: Tables) -> Board:
    return Board(made)

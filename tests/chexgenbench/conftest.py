"""One cache of features and one finished small run for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import evaluate


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feature cache that the session's runs share."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A finished run of the real-holdout control on a small phantom."""
    return evaluate(tmp_path_factory.mktemp("runs") / "small", cache=cache)

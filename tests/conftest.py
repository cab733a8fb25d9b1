"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real radiographs beside the checkout; tests that need it skip where it is absent."""
    if not (SHARED_DATA / "nih" / "cases.csv").exists():
        pytest.skip(f"no shared data at {SHARED_DATA}")
    return SHARED_DATA

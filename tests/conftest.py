"""Fixtures that every test folder shares."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

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


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """tests/fixtures/made_up_record.py: a realistic record, its config.json and run.json, and pictures."""
    path = Path(__file__).parent / "fixtures" / "made_up_record.py"
    spec = importlib.util.spec_from_file_location("made_up_record", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

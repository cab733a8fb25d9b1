"""Makes the made-up data sets importable under pytest's importlib mode."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """The module that writes made-up data sets."""
    path = Path(__file__).with_name("made_up.py")
    specification = importlib.util.spec_from_file_location("data_splits_made_up", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["data_splits_made_up"] = module
    specification.loader.exec_module(module)
    return module

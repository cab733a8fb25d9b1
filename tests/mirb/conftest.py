"""One finished small run for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from mirb_runs import SMALL, run


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the wordy guesser on sixteen generated questions."""
    output = tmp_path_factory.mktemp("mirb") / "small"
    run("eval", "--vlm", "guesser", "--model-option", "wordy=true", *SMALL, "--output", output)
    return output

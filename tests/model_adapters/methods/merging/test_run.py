from pathlib import Path

import numpy as np
import pytest
from merge_runs import pool_of, run_of

from data_splits.errors import UserError


def test_state_comes_back_exactly_and_needs_are_told(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", pool_of(tmp_path, [{"w": np.ones(1)}]), "average")
    assert run.state() is None
    numbers = np.random.default_rng(0).standard_normal(50).tolist()
    run.keep({"numbers": numbers})
    assert run.state() == {"numbers": numbers}
    with pytest.raises(UserError, match="network ="):
        run.need_objective()
    with pytest.raises(UserError, match='base = "zeros"'):
        run.need_base()

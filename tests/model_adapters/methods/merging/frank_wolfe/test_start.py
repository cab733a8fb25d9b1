from pathlib import Path

import numpy as np
import pytest
from merge_runs import pool_of

from data_splits.errors import UserError
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.frank_wolfe.start import start_ledger

MODELS = [{"w": np.array([2.0])}, {"w": np.array([4.0])}]


@pytest.mark.parametrize(
    ("start", "expected"), [("base", 1.0), ("average", 3.0), ("task-arithmetic", 1.0 + 0.3 * 4.0), ("model-2", 4.0)]
)
def test_by_hand(tmp_path: Path, start: str, expected: float) -> None:
    pool = pool_of(tmp_path, MODELS, {"w": np.array([1.0])})
    ledger = start_ledger(pool, blocks_of(pool.merged, "layer"), start)
    assert float(ledger.tensor(pool, "w")) == pytest.approx(expected, abs=1e-12)


def test_others_are_told(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, {"w": np.array([1.0])})
    with pytest.raises(UserError, match="model-1 to model-2"):
        start_ledger(pool, blocks_of(pool.merged, "layer"), "model-3")
    with pytest.raises(UserError, match="base ="):
        bare = pool_of(tmp_path / "bare", MODELS)
        start_ledger(bare, blocks_of(bare.merged, "layer"), "base")

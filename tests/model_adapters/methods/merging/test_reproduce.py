from pathlib import Path

import numpy as np
import pytest
from merge_runs import Quadratic, merged, pool_of

from data_splits.errors import UserError
from model_adapters.methods.merging.ledger import write_ledger

RNG = np.random.default_rng(0)
BASE, *MODELS = [{"a": RNG.standard_normal(7).astype(np.float32), "b": RNG.standard_normal(3)} for _ in range(5)]


def test_the_ledger_alone_gives_the_same_bits(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    target = {name: np.ones(array.shape) for name, array in BASE.items()}
    found, said = merged(tmp_path / "run", pool, "fw-hard", Quadratic(target), step="line-search", iterations=6)
    assert said.ledger is not None
    write_ledger(tmp_path / "ledger.json", said.ledger, pool)
    # The models may be named in another order, with others between: hashes tell which is which.
    shuffled = pool_of(tmp_path / "other", [MODELS[2], {k: v + 1 for k, v in BASE.items()}, *MODELS[::-1]], BASE)
    for each in (pool, shuffled):
        again, _ = merged(tmp_path / "again", each, "reproduce", ledger=str(tmp_path / "ledger.json"))
        assert all(
            np.allclose(again[name], found[name], rtol=0, atol=0 if each is pool else 1e-7) for name in pool.merged
        )


def test_other_models_are_refused(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    _, said = merged(tmp_path / "run", pool, "average")
    assert said.ledger is not None
    write_ledger(tmp_path / "ledger.json", said.ledger, pool)
    with pytest.raises(UserError, match="not in this pool"):
        merged(
            tmp_path / "x", pool_of(tmp_path / "few", MODELS[:2], BASE), "reproduce", ledger=f"{tmp_path}/ledger.json"
        )
    with pytest.raises(UserError, match="needs a ledger"):
        merged(tmp_path / "y", pool, "reproduce")
    (tmp_path / "bad.json").write_text("[1]")
    with pytest.raises(UserError, match="not the ledger"):
        merged(tmp_path / "z", pool, "reproduce", ledger=f"{tmp_path}/bad.json")

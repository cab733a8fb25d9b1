import json
from pathlib import Path

import numpy as np
import pytest
from merge_runs import pool_of

from data_splits.errors import UserError
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.ledger import Ledger, arithmetic, read_ledger, uniform, write_ledger
from model_adapters.methods.merging.pool import Pool

BASE = {"a": np.array([1.0, 2.0]), "b": np.array([3.0])}
MODELS = [{"a": np.array([2.0, 0.0]), "b": np.array([1.0])}, {"a": np.array([5.0, 5.0]), "b": np.array([-1.0])}]


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return pool_of(tmp_path, MODELS, BASE)


def test_combinations_by_hand(pool: Pool) -> None:
    ledger = Ledger({"a": ("a",), "b": ("b",)}, {"a": {0: 0.5, 2: 0.5}, "b": {1: 1.0}})
    assert ledger.tensor(pool, "a").tolist() == [3.0, 3.5] and ledger.tensor(pool, "b").tolist() == [1.0]
    assert ledger.support() == [0, 1, 2]
    vectors = arithmetic(pool, blocks_of(pool.merged, "task"), lambda block, index: 0.5 * index)
    assert vectors.weights == {"model": {0: -0.5, 1: 0.5, 2: 1.0}}
    assert vectors.tensor(pool, "a").tolist() == [5.5, 4.0]
    nothing = uniform(blocks_of(pool.merged, "task"), {})
    assert nothing.tensor(pool, "a").tolist() == [0.0, 0.0]


def test_steps_mix_and_a_whole_step_drops(pool: Pool) -> None:
    blocks = blocks_of(pool.merged, "task")
    now, end = uniform(blocks, {0: 0.5, 1: 0.5}), uniform(blocks, {2: 1.0})
    assert now.toward(end, 0.25).weights == {"model": {0: 0.375, 1: 0.375, 2: 0.25}}
    assert now.toward(end, 1.0).weights == {"model": {2: 1.0}}
    assert now.toward(uniform(blocks, {0: 1.0}), 0.5).weights == {"model": {0: 0.75, 1: 0.25}}


def test_the_file_is_the_ledger(pool: Pool, tmp_path: Path) -> None:
    ledger = Ledger({"a": ("a",), "b": ("b",)}, {"a": {0: 0.1, 2: 0.9}, "b": {0: 1.0}})
    write_ledger(tmp_path / "l.json", ledger, pool)
    assert read_ledger(tmp_path / "l.json", pool) == ledger
    data = json.loads((tmp_path / "l.json").read_text())
    assert [each["label"] for each in data["vertices"]] == ["base", "model-2"]
    fewer = pool_of(tmp_path, MODELS, BASE, exclude=["b"])
    with pytest.raises(UserError, match="same exclude"):
        read_ledger(tmp_path / "l.json", fewer)
    (tmp_path / "l.json").write_text(json.dumps({**data, "ledger_version": 2}))
    with pytest.raises(UserError, match="version 2"):
        read_ledger(tmp_path / "l.json", pool)


def test_a_model_alone_is_its_own_bits(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    models = [{"w": rng.standard_normal(50).astype(np.float32)} for _ in range(2)]
    pool = pool_of(tmp_path, models)
    alone = uniform({"m": ("w",)}, {2: 1.0}).tensor(pool, "w")
    assert (alone.numpy() == models[1]["w"]).all()
    alone.zero_()
    assert pool.read(2, "w").any()

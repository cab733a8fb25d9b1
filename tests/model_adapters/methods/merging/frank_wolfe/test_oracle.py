from pathlib import Path

import numpy as np
import pytest
import torch
from merge_runs import pool_of

from data_splits.errors import UserError
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.frank_wolfe.oracle import ask
from model_adapters.methods.merging.ledger import uniform

BASE = {"a": np.array([0.0, 0.0]), "b": np.array([1.0])}
MODELS = [{"a": np.array([-1.0, 0.0]), "b": np.array([3.0])}, {"a": np.array([0.0, -4.0]), "b": np.array([2.0])}]
SLOPE = {"a": torch.tensor([2.0, 1.0], dtype=torch.float64), "b": torch.tensor([1.0], dtype=torch.float64)}
# <g, theta>: base 0 + 1; model 1: -2 + 3; model 2: -4 + 2.


def answer(tmp_path: Path, granularity: str, slope: dict = SLOPE, **options):  # type: ignore[no-untyped-def, type-arg]
    pool = pool_of(tmp_path, MODELS, BASE)
    blocks = blocks_of(pool.merged, granularity)
    return ask(pool, slope, blocks, uniform(blocks, {0: 1.0}), **options)


def test_whole_model_by_hand(tmp_path: Path) -> None:
    found = answer(tmp_path, "task")
    # Base and model 1 are equal: the pool's order decides.
    assert found.ranked == {"model": [2, 0, 1]}
    assert found.products == {"model": {0: 1.0, 1: 1.0, 2: -2.0}}
    assert found.gap == 3.0


def test_tensor_by_tensor_by_hand(tmp_path: Path) -> None:
    found = answer(tmp_path, "layer")
    assert found.ranked == {"a": [2, 1, 0], "b": [0, 2, 1]}
    assert found.gap == 4.0
    assert answer(tmp_path, "layer", vertices=[1, 2]).ranked["b"] == [2, 1]


def test_a_tensor_without_gradient_chooses_nothing(tmp_path: Path) -> None:
    found = answer(tmp_path, "layer", {**SLOPE, "b": torch.zeros(1, dtype=torch.float64)})
    assert found.ranked["b"] == [] and found.gap == 4.0


def test_cosine_ignores_length_so_it_is_no_oracle(tmp_path: Path) -> None:
    # cos(g, theta): base 0 + 1, model 1 -2/sqrt(5) + 1, model 2 -1/sqrt(5) + 1: model 1 first, though the inner
    # product of model 2 is less.
    assert answer(tmp_path, "task", score="cosine").ranked == {"model": [1, 2, 0]}
    with pytest.raises(UserError, match="inner-product or cosine"):
        answer(tmp_path, "task", score="l2")

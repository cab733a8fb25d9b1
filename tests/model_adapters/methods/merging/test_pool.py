from pathlib import Path

import numpy as np
import pytest
from merge_runs import pool_of, write

from data_splits.errors import UserError
from model_adapters.methods.merging.pool import open_pool

BASE = {"w": np.ones(2), "head": np.ones(3), "bn.running_mean": np.ones(2), "ids": np.arange(2)}


def test_what_is_merged_and_what_is_copied(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [{**BASE, "head": np.ones(9)}], BASE, exclude=["head"])
    assert pool.merged == ("w",) and pool.copied == ("bn.running_mean", "head", "ids")
    assert pool.size == 1 and pool.vertices == (0, 1) and pool.parameters == 2
    assert pool_of(tmp_path / "bare", [BASE, BASE]).vertices == (1, 2)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"head": np.ones(3)}, r"lacks 'w' \(1 such\)"),
        ({"w": np.ones(3), "head": np.ones(3)}, "in another shape 'w'"),
        ({"w": np.arange(2), "head": np.ones(3)}, "as integers 'w'"),
        ({"w": np.ones(2), "head": np.ones(3), "extra": np.ones(1)}, r"exclude = \[\"extra\"\]"),
    ],
)
def test_models_that_do_not_fit_are_named(tmp_path: Path, model: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(UserError, match=message) as told:
        pool_of(tmp_path, [{"w": np.ones(2), "head": np.ones(3)}, model], {"w": np.ones(2), "head": np.ones(3)})
    assert "model-2" in str(told.value)


def test_no_model_and_nothing_to_merge(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model"):
        open_pool([])
    with pytest.raises(UserError, match="nothing to merge"):
        pool_of(tmp_path, [{"ids": np.arange(2)}])


def test_held_tensors_are_read_once_and_are_the_same(tmp_path: Path) -> None:
    models = [{"w": np.array([0.1, 0.2])}, {"w": np.array([1.0, 2.0])}]
    streamed, held = pool_of(tmp_path, models, models[0]), pool_of(tmp_path, models, models[0], hold=True)
    for pool in (streamed, held):
        for _ in range(3):
            assert pool.difference(2, "w").tolist() == [0.9, 1.8]
            assert [each.tolist() for each in pool.differences("w")] == [[0.0, 0.0], [0.9, 1.8]]
    assert streamed.reads == 15 and held.reads == 3


def test_zeros_are_a_base_and_facts_name_no_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "deep" / "run", "adapter_model", {"w": np.ones(2)})
    pool = open_pool([path], "zeros")
    assert pool.read(0, "w").tolist() == [0.0, 0.0]
    assert [each["label"] for each in pool.facts()] == ["base", "model-1"]
    assert pool.facts()[1]["name"] == "run/adapter_model.safetensors" and str(tmp_path) not in str(pool.facts())
    assert pool.index("model-1") == 1

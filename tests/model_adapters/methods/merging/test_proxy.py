from pathlib import Path

import numpy as np
import pytest
import torch
from merge_runs import pool_of, write

from data_splits.errors import UserError
from model_adapters.methods.merging.proxy import open_proxy

RNG = np.random.default_rng(0)
MODEL = {"0.weight": RNG.standard_normal((4, 3)), "0.bias": RNG.standard_normal(4)}
X = RNG.standard_normal((5, 3)).astype(np.float32)
HEAD = RNG.standard_normal((2, 4)).astype(np.float32)


class Named(torch.nn.Module):
    """Takes its inputs by name only."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(3))

    def forward(self, *, x: torch.Tensor, shift: torch.Tensor) -> tuple[torch.Tensor]:
        return (x @ self.weight + shift,)


def named() -> Named:
    return Named()


def test_outputs_and_heads_written_out(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [MODEL])
    targets = np.array([0, 1, 0, 1, 1])
    plain = write(tmp_path, "plain", {"inputs": X, "targets": targets})
    headed = write(
        tmp_path, "headed", {"inputs": X, "targets": targets, "head.weight": HEAD, "head.bias": np.ones(2, np.float32)}
    )
    objective = open_proxy("mlp", [plain, headed], "cross-entropy", pool)
    assert objective.tasks == ("plain", "headed") and objective.examples("plain") == 5
    weights = {name: pool.read(1, name) for name in pool.merged}
    out = X @ MODEL["0.weight"].T + MODEL["0.bias"]
    rows = torch.tensor([1, 3])
    np.testing.assert_allclose(objective.forward(weights, "plain", rows), out[[1, 3]], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        objective.forward(weights, "headed", rows), out[[1, 3]] @ HEAD.T + 1, rtol=1e-4, atol=1e-5
    )
    logits = out[[1, 3]] @ HEAD.T + 1
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[[0, 1], targets[[1, 3]]]
    np.testing.assert_allclose(objective.losses(weights, "headed", rows), expected, rtol=1e-4)
    facts = objective.facts()
    assert [each["examples"] for each in facts["tasks"]] == [5, 5] and len(facts["tasks"][0]["sha256"]) == 64


def test_inputs_by_name_and_tasks_without_labels(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [{"weight": np.array([1.0, 0.0, 2.0])}])
    task = write(tmp_path, "t", {"inputs.x": X, "inputs.shift": np.full(5, 0.5, np.float32)})
    objective = open_proxy(f"{__name__}:named", [task], "mean-square", pool)
    weights = {"weight": pool.read(1, "weight")}
    found = objective.forward(weights, "t", torch.arange(5))
    np.testing.assert_allclose(found, X @ [1.0, 0.0, 2.0] + 0.5, rtol=1e-5)
    with pytest.raises(UserError, match="no targets"):
        objective.losses(weights, "t", torch.arange(5))


def test_tasks_that_are_none_are_told(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [MODEL])
    good = write(tmp_path, "good", {"inputs": X, "targets": np.zeros(5, np.int64)})
    uneven = write(tmp_path, "uneven", {"inputs": X, "targets": np.zeros(4, np.int64)})
    bare = write(tmp_path, "bare", {"targets": np.zeros(4, np.int64)})
    twin = write(tmp_path / "twin", "good", {"inputs": X})
    for tasks, message in (
        ([], "needs target tasks"), ([uneven], "differ in length"), ([bare], "needs a tensor `inputs`"),
        ([good, twin], "Two tasks"), ([str(tmp_path / "no.safetensors")], "No task at"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=message):
            open_proxy("mlp", tasks, "cross-entropy", pool)

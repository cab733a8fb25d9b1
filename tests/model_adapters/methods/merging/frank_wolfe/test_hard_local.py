from pathlib import Path

import numpy as np
import pytest
from merge_runs import Quadratic, merged, pool_of, run_of

from model_adapters.methods.merging import table
from model_adapters.methods.merging.blocks import blocks_of
from model_adapters.methods.merging.frank_wolfe.local_step import replay

RNG = np.random.default_rng(3)
BASE, *MODELS = [{"a": RNG.standard_normal((5, 4)), "b": RNG.standard_normal(9)} for _ in range(5)]
TARGET = {name: 0.7 * MODELS[1][name] + 0.3 * MODELS[2][name] for name in BASE}


@pytest.mark.parametrize("local", ["ties", "dare", "dare-ties"])
def test_the_moves_give_the_same_bits(tmp_path: Path, local: str) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    settings = {"local": local, "iterations": 4, "density": 0.4, "drop": 0.5, "step": "line-search"}
    found, said = merged(tmp_path / "run", pool, "fw-hard", Quadratic(TARGET), seed=2, **settings)
    start = {name: pool.read(0, name) for name in pool.merged}
    blocks = blocks_of(pool.merged, "layer")
    again = replay(pool, start, blocks, said.facts["moves"], {**said.facts, **settings}, 2)
    assert all((again[name].numpy() == found[name]).all() for name in pool.merged)
    losses = [line["loss"] for line in said.facts["trace"]] + [said.facts["final_loss"]]
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0]
    assert said.ledger is None


def test_trimmed_step_written_out(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    found, said = merged(
        tmp_path / "run", pool, "fw-hard", Quadratic(TARGET), local="ties", density=0.2, iterations=1, scaling=0.5,
        granularity="task",
    )  # fmt: skip
    label = next(iter(said.facts["moves"][0]["vertices"].values()))
    model = MODELS[int(label[-1]) - 1]
    vector = np.concatenate([(model[name] - BASE[name]).ravel() for name in ("a", "b")])
    vector[np.argsort(-np.abs(vector))[int(0.2 * 29) :]] = 0.0
    expected = np.concatenate([BASE[name].ravel() for name in ("a", "b")]) + 0.5 * vector
    np.testing.assert_allclose(np.concatenate([found["a"].ravel(), found["b"]]), expected, atol=1e-12)


def test_a_killed_run_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    whole, _ = merged(tmp_path / "whole", pool, "fw-hard", Quadratic(TARGET), local="dare", iterations=5)
    run = run_of(tmp_path / "cut", pool, "fw-hard", Quadratic(TARGET), local="dare", iterations=5)

    def kill(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    run.step = kill
    with pytest.raises(KeyboardInterrupt):
        table.merge(run, "fw-hard")
    # A kill between the iterate and the state leaves a younger iterate behind; the older one counts.
    (tmp_path / "cut" / "iterate-3.safetensors").write_bytes(b"torn")
    run.step = lambda done: None
    again = table.merge(run, "fw-hard")
    assert all((again.tensor(name).double().numpy() == whole[name]).all() for name in pool.merged)

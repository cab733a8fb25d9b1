from pathlib import Path

import numpy as np
import torch
from merge_runs import pool_of

from model_adapters.methods.merging.frank_wolfe.local_step import local_update, moved, read_model, write_model

BASE = {"a": np.zeros(4), "b": np.zeros(2)}
MODELS = [{"a": np.array([1.0, -2.0, 3.0, 0.5]), "b": np.array([4.0, 0.1])}, {"a": np.ones(4), "b": np.ones(2)}]
BLOCKS = {"a": ("a",), "b": ("b",)}


def update(tmp_path: Path, kind: str, choice: dict[str, int], iteration: int = 0) -> dict[str, list[float]]:
    pool = pool_of(tmp_path, MODELS, BASE)
    model = {name: pool.read(0, name) for name in pool.merged}
    settings = {"local": kind, "density": 0.5, "drop": 0.5}
    found = local_update(pool, model, BLOCKS, choice, settings, 1, iteration)
    return {name: tensor.tolist() for name, tensor in found.items()}


def test_kinds_by_hand(tmp_path: Path) -> None:
    plain = update(tmp_path, "task-arithmetic", {"a": 1, "b": 2})
    assert plain == {"a": [1.0, -2.0, 3.0, 0.5], "b": [1.0, 1.0]}
    # Three of six entries of the whole vector (1, -2, 3, .5, 4, .1) are kept.
    assert update(tmp_path, "ties", {"a": 1, "b": 1}) == {"a": [0.0, -2.0, 3.0, 0.0], "b": [4.0, 0.0]}
    assert update(tmp_path, "ties", {"b": 1})["a"] == [0.0] * 4
    half = update(tmp_path, "dare", {"a": 1, "b": 1})
    assert all(value in (0.0, 2 * full) for value, full in zip(half["a"], MODELS[0]["a"], strict=True))


def test_every_iteration_drops_anew(tmp_path: Path) -> None:
    draws = [update(tmp_path, "dare", {"a": 1, "b": 1}, t) for t in range(8)]
    assert draws[0] == update(tmp_path, "dare", {"a": 1, "b": 1}, 0) and any(each != draws[0] for each in draws)


def test_models_survive_the_disk(tmp_path: Path) -> None:
    model = {"a": torch.tensor([0.1, 1e-30]), "b": torch.zeros(0, 3)}
    write_model(tmp_path / "m.safetensors", moved(model, {n: torch.ones_like(t) for n, t in model.items()}, 0.5))
    again = read_model(tmp_path / "m.safetensors")
    assert again["a"].tolist() == (model["a"] + 0.5).tolist() and again["b"].shape == (0, 3)

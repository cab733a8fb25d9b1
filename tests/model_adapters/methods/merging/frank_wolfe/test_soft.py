from pathlib import Path

import numpy as np
import pytest
from merge_runs import Quadratic, merged, pool_of
from scipy.optimize import minimize

from data_splits.errors import UserError

RNG = np.random.default_rng(5)
NAMES = ("a", "b")
ALL = [{"a": RNG.standard_normal(5), "b": RNG.standard_normal(4)} for _ in range(5)]
BASE, *MODELS = ALL
NOISE = {name: 0.3 * RNG.standard_normal(BASE[name].shape) for name in NAMES}
TARGET = {name: 0.5 * MODELS[0][name] + 0.3 * MODELS[2][name] + NOISE[name] for name in NAMES}


def least(names: tuple[str, ...]) -> float:
    """Minimum over one simplex for the named tensors together."""
    vertices = np.stack([np.concatenate([each[name] for name in names]) for each in ALL])
    target = np.concatenate([TARGET[name] for name in names])
    found = minimize(
        lambda x: 0.5 * ((x @ vertices - target) ** 2).sum(), np.full(5, 0.2), method="SLSQP", bounds=[(0, 1)] * 5,
        constraints={"type": "eq", "fun": lambda x: x.sum() - 1}, options={"ftol": 1e-15},
    )  # fmt: skip
    return float(found.fun)


@pytest.mark.parametrize(("coefficients", "groups"), [("same", [NAMES]), ("layer", [("a",), ("b",)])])
def test_with_all_vertices_one_iteration_is_the_minimum(tmp_path: Path, coefficients: str, groups: list) -> None:  # type: ignore[type-arg]
    pool = pool_of(tmp_path, MODELS, BASE)
    found, said = merged(
        tmp_path / "run", pool, "fw-soft", Quadratic(TARGET), iterations=1, top=5, inner_steps=300,
        coefficients=coefficients,
    )  # fmt: skip
    assert said.facts["final_loss"] == pytest.approx(sum(least(names) for names in groups), rel=1e-5)
    for weights in said.ledger.weights.values():  # type: ignore[union-attr]
        assert min(weights.values()) >= 0 and sum(weights.values()) == pytest.approx(1.0, abs=1e-9)
    assert sum(0.5 * ((found[n] - TARGET[n]) ** 2).sum() for n in NAMES) == pytest.approx(said.facts["final_loss"])


def test_it_never_rises_and_corrective_is_no_worse(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    last = {}
    for corrective in (False, True):
        _, said = merged(
            tmp_path / str(corrective), pool, "fw-soft", Quadratic(TARGET), iterations=5, top=1, inner_steps=40,
            corrective=corrective, coefficients="same",
        )  # fmt: skip
        losses = [line["loss"] for line in said.facts["trace"]] + [said.facts["final_loss"]]
        assert losses == sorted(losses, reverse=True)
        last[corrective] = losses[-1]
    assert last[True] == pytest.approx(least(NAMES), rel=1e-4) and last[False] >= last[True] - 1e-9


def test_settings_that_exclude_each_other_are_told(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    with pytest.raises(UserError, match="layer or same"):
        merged(tmp_path / "run", pool, "fw-soft", Quadratic(TARGET), coefficients="task")
    with pytest.raises(UserError, match="inside the hull"):
        merged(tmp_path / "run", pool, "fw-soft", Quadratic(TARGET), corrective=True, start="task-arithmetic")

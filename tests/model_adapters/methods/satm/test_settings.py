"""Which method differs in what, and what does not fit together."""

from __future__ import annotations

from typing import Any

import pytest
from made_condensing import small_settings

from data_splits.errors import UserError
from model_adapters.methods.satm.settings import CONTROLS, INPUTS, METHODS, Settings


def test_every_method_is_told_apart_by_one_thing_from_its_control() -> None:
    satm, truncated, mtt, ftd = (Settings(method=name) for name in ("satm", "truncated", "mtt", "ftd"))
    assert satm.ascending is not None and truncated.ascending is None
    assert satm.differentiated == truncated.differentiated == 15 and mtt.differentiated == ftd.differentiated == 20
    assert ftd.flat_experts and not mtt.flat_experts and (ftd.decay, mtt.decay) == (0.99, 0.0)
    both = Settings(method="satm", expert_kind="gsam", average=0.9, ascent="asam", rho=2.0)
    assert both.flat_experts and both.decay == 0.9 and both.ascending is not None and both.ascending.kind == "asam"
    assert set(CONTROLS) < set(METHODS) and all(INPUTS[name].default == value for name, value in satm.facts().items())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"method": "stam"}, "Did you mean satm"),
        ({"ascent": "up"}, "it is sam, asam, gsam"),
        ({"augment": "blur"}, "it is none, dsa, or some of"),
        ({"whiten": "pca"}, "it is none, zca"),
        ({"experts": 0}, "at least 1"),
        ({"rate": 0.0}, "above 0"),
        ({"rho": -1.0}, "0 or more"),
        ({"momentum": 1.0}, "between 0 and 1"),
        ({"kept_steps": 5}, "more than the 4 inner_steps"),
        ({"span": 3}, "needs 5 epochs; the experts have 4"),
        ({"most_step": 1e-4}, "below least_step"),
        ({"most_step": float("nan")}, "above 0"),
        ({"rate": float("inf")}, "finite"),
        ({"smoothing": float("inf")}, "finite"),
    ],
)
def test_what_does_not_fit_is_told(more: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        small_settings(**more)

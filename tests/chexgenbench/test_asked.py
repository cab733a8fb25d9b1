from __future__ import annotations

import numpy as np
import pytest
from made_asked import asked

from chexgenbench.asked import by_prompt, draws_of, gaps, prompt_clusters

RNG = np.random.default_rng(0)
DRAWN, REAL = RNG.normal(size=(5, 3, 8)), RNG.normal(size=(5, 8))


@pytest.mark.parametrize(
    ("reduce", "function"),
    [("mean", np.mean), ("min", np.min), ("max", np.max), ("last", lambda x, axis: x[:, -1])],
)
def test_reduces_over_the_draws_of_each_prompt(reduce: str, function: object) -> None:
    values = RNG.normal(size=(5, 3))
    data = asked(DRAWN, REAL)
    flat = values.T.reshape(-1)  # draw by draw
    np.testing.assert_allclose(by_prompt(data, flat, reduce), function(values, axis=1))  # type: ignore[arg-type,operator]


def test_order_of_images_does_not_matter() -> None:
    data, values = asked(DRAWN, REAL), RNG.normal(size=15)
    order = RNG.permutation(15)
    for reduce in ("mean", "min", "max", "last"):
        np.testing.assert_allclose(
            by_prompt(data.take(order), values[order], reduce),  # type: ignore[arg-type]
            by_prompt(data, values, reduce),  # type: ignore[arg-type]
        )


def test_a_prompt_without_images_is_left_out_and_draws_are_counted() -> None:
    data = asked(DRAWN, REAL)
    some = data.take(np.flatnonzero(data.target != 2))
    assert len(by_prompt(some, np.zeros(12), "max")) == 4 and len(prompt_clusters(some)) == 4
    assert draws_of(data) == 3 and draws_of(data.take([0, 1, 5])) == 1 and draws_of(data.take([])) == 0
    assert len(by_prompt(data.take([]), np.zeros(0), "mean")) == 0


def test_gaps_are_the_definition() -> None:
    data = asked(DRAWN, REAL)
    expected = np.linalg.norm(DRAWN - REAL[:, None], axis=2) / np.sqrt(8)
    np.testing.assert_allclose(gaps(data), expected.T.reshape(-1), rtol=1e-5)

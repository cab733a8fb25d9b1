"""A budget counts ranks over all layers, and every budget is a part of the next larger one."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from data_splits.errors import UserError
from model_adapters.methods.fedp2eft.rank_budget import kept, uniform


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_the_largest_are_kept_and_budgets_nest(layers: int, seed: int) -> None:
    most = 8
    scales = torch.rand(layers * most, generator=torch.Generator().manual_seed(seed))
    before = torch.zeros(layers * most, dtype=torch.bool)
    for rank in (1, 2, 4):
        mask = kept(scales, rank, most)
        assert int(mask.sum()) == rank * layers
        assert scales[mask].min() >= scales[~mask].max()
        assert bool((mask | ~before).all())
        before = mask


def test_ties_go_to_earlier_layers_and_a_layer_may_stay_empty() -> None:
    scales = torch.tensor([1.0] * 4 + [0.0] * 4)
    assert kept(scales, 2, 4).tolist() == [True] * 4 + [False] * 4


def test_uniform() -> None:
    assert uniform(2, 1, 3).tolist() == [True, False, False, True, False, False]


@pytest.mark.parametrize("rank", [0, 5])
def test_budgets_that_cannot_be(rank: int) -> None:
    with pytest.raises(UserError, match="max_rank"):
        kept(torch.ones(8), rank, 8)

"""Adapters add what they say, start as nothing, and trimmed ones are a part of the whole."""

from __future__ import annotations

import pytest
import torch
from made_federations import random_adapters, small_model, small_network
from torch import nn

from data_splits.errors import UserError
from model_adapters.methods.fedp2eft.bayestune_lora import Adapters, clamped


def test_output_is_the_definition() -> None:
    _, adapters = small_model()
    random_adapters(adapters)
    module = adapters.modules["0"]
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(3))
    dense = module.base.weight + 2.0 * module.up @ torch.diag(module.scales) @ module.down
    assert torch.allclose(module(x), x @ dense.T + module.base.bias, atol=1e-5)


def test_a_fresh_adapter_is_nothing_and_can_be_taken_off() -> None:
    model, adapters = small_model()
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(3))
    assert torch.equal(model.network(x), small_network()(x))
    random_adapters(adapters)
    assert not torch.allclose(model.network(x), small_network()(x))
    assert torch.equal(adapters.detach()(x), small_network()(x))


def test_a_trimmed_adapter_learns_what_the_whole_with_zero_scales_learns() -> None:
    x, y = torch.randn(9, 5, generator=torch.Generator().manual_seed(3)), torch.arange(9) % 3
    keep = torch.tensor([1, 0, 0, 1, 0, 0, 0, 0], dtype=torch.bool)
    found = []
    for trimmed in (False, True):
        model, adapters = small_model()
        scales = torch.where(keep, 0.7, 0.0)
        adapters.reset(keep if trimmed else None, torch.where(keep, 0.7, 1.0))
        modules = list(adapters.modules.values())
        if not trimmed:  # lambda 0 is below what is allowed: take the rows out of A instead
            with torch.no_grad():
                for index, module in enumerate(modules):
                    module.down *= (scales[index * 4 : index * 4 + 4] > 0)[:, None]
        optimiser = torch.optim.AdamW(list(adapters.weights()), lr=0.05, weight_decay=0.0)
        for _ in range(3):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model.network(x), y).backward()
            if not trimmed:  # a rank without a row gives nothing, but its row would be taught
                for index, module in enumerate(modules):
                    module.down.grad *= (scales[index * 4 : index * 4 + 4] > 0)[:, None]  # type: ignore[operator]
            optimiser.step()
        found.append(model.network(x).detach())
    assert torch.allclose(found[0], found[1], atol=1e-6)
    assert adapters.parameters_kept() == 2 * (5 + 4) and adapters.modules["2"].up.shape == (3, 0)


def test_every_adapter_starts_from_the_same_state_and_layers_differ() -> None:
    _, one = small_model(seed=5)
    one.reset()
    first = [weight.detach().clone() for weight in one.weights()]
    random_adapters(one)
    one.reset()
    assert all(torch.equal(a, b) for a, b in zip(first, one.weights(), strict=True))
    _, other = small_model(seed=6)
    other.reset()
    assert not torch.equal(first[0], next(other.weights()))
    assert not torch.equal(first[0][:, :4], first[2])


def test_clamp_is_straight_through() -> None:
    scales = torch.tensor([-1.0, 0.5, 5e3], requires_grad=True)
    value = clamped(scales)
    assert value.tolist() == pytest.approx([1e-4, 0.5, 1e3], rel=1e-3)
    value.sum().backward()
    assert scales.grad is not None and scales.grad.tolist() == [1.0, 1.0, 1.0]


def test_a_network_without_linear_layers_is_refused() -> None:
    with pytest.raises(UserError, match="no linear layer"):
        Adapters(nn.Sequential(nn.Conv2d(1, 1, 1)), 4, 8.0)
    with pytest.raises(UserError, match="exclude"):
        Adapters(small_network(), 4, 8.0, exclude=["*"])

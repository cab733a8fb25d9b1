"""The generator starts at nothing, learns what a client found, and passes gradient where it is clamped."""

from __future__ import annotations

import torch

from model_adapters.methods.fedp2eft.strategy_generator import StrategyGenerator, imitate


def test_starts_at_the_smallest_scale_for_every_client() -> None:
    generator = StrategyGenerator(5, 8, seed=0)
    for seed in range(3):
        statistics = torch.randn(5, generator=torch.Generator().manual_seed(seed))
        assert torch.allclose(generator(statistics), torch.full((8,), 1e-4), atol=1e-5)


def test_learns_to_tell_two_clients_apart() -> None:
    generator = StrategyGenerator(3, 4, seed=0)
    statistics = [torch.tensor([1.0, 0.0, 1.0]), torch.tensor([-1.0, 0.0, 1.0])]
    scales = [torch.tensor([1.0, 0.1, 0.1, 0.1]), torch.tensor([0.1, 0.1, 0.1, 1.0])]
    for _ in range(60):
        for each, target in zip(statistics, scales, strict=True):
            imitate(generator, each, target, rate=0.01, steps=5)
    with torch.no_grad():
        assert [int(generator(each).argmax()) for each in statistics] == [0, 3]


def test_same_seed_same_weights() -> None:
    one, same, other = (StrategyGenerator(3, 4, seed) for seed in (1, 1, 2))
    assert torch.equal(one.inner.weight, same.inner.weight) and not torch.equal(one.inner.weight, other.inner.weight)

"""The inner loop against an optimiser, and its batches."""

from __future__ import annotations

import torch
from made_condensing import pictures, small_network
from torch.nn import functional

from model_adapters.methods.satm.inner import draw_rows, walk


def test_it_is_plain_gradient_descent() -> None:
    network, (images, targets) = small_network(), pictures()
    start = network.start(torch.Generator().manual_seed(0))
    rows = draw_rows(12, 4, 5, torch.Generator().manual_seed(1))
    found = walk(network, start, images, targets, 0.1, rows, graph=False)
    theta = torch.nn.Parameter(start.clone())
    optimiser = torch.optim.SGD([theta], lr=0.1)
    for chosen in rows:
        assert chosen is not None
        optimiser.zero_grad()
        functional.cross_entropy(network(theta, images[chosen]), targets[chosen]).backward()
        optimiser.step()
    torch.testing.assert_close(found.theta, theta.detach())
    torch.testing.assert_close(start - found.theta, 0.1 * found.total, atol=1e-6, rtol=1e-4)
    with_graph = walk(network, start, images, targets, 0.1, rows, graph=True)
    assert with_graph.theta.requires_grad and not found.theta.requires_grad
    torch.testing.assert_close(with_graph.theta.detach(), found.theta)


def test_batches_use_every_image_before_any_twice() -> None:
    rng = torch.Generator().manual_seed(0)
    rows = draw_rows(6, 2, 7, rng)
    assert len(rows) == 7
    first = torch.cat([part for part in rows[:3] if part is not None])
    assert sorted(first.tolist()) == list(range(6))
    assert draw_rows(6, 0, 3, rng) == [None] * 3 == draw_rows(6, 6, 3, rng)

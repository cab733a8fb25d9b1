"""The inner loop against an optimiser, and its batches."""

from __future__ import annotations

import torch
from made_condensing import pictures, small_network
from torch.nn import functional

from model_adapters.methods.satm.augment import Augmentation
from model_adapters.methods.satm.inner import ALL, Pass, draw_passes, walk


def test_it_is_plain_gradient_descent() -> None:
    network, (images, targets) = small_network(), pictures()
    start = network.start(torch.Generator().manual_seed(0))
    passes = draw_passes(12, 4, 5, torch.Generator().manual_seed(1))
    found = walk(network, start, images, targets, 0.1, passes, graph=False)
    theta = torch.nn.Parameter(start.clone())
    optimiser = torch.optim.SGD([theta], lr=0.1)
    for each in passes:
        assert each.rows is not None
        optimiser.zero_grad()
        functional.cross_entropy(network(theta, images[each.rows]), targets[each.rows]).backward()
        optimiser.step()
    torch.testing.assert_close(found.theta, theta.detach())
    torch.testing.assert_close(start - found.theta, 0.1 * found.total, atol=1e-6, rtol=1e-4)
    with_graph = walk(network, start, images, targets, 0.1, passes, graph=True)
    assert with_graph.theta.requires_grad and not found.theta.requires_grad
    torch.testing.assert_close(with_graph.theta.detach(), found.theta)


def test_batches_use_every_image_before_any_twice() -> None:
    rng = torch.Generator().manual_seed(0)
    passes = draw_passes(6, 2, 7, rng)
    assert len(passes) == 7
    first = torch.cat([each.rows for each in passes[:3] if each.rows is not None])
    assert sorted(first.tolist()) == list(range(6))
    assert draw_passes(6, 0, 3, rng) == [ALL] * 3 == draw_passes(6, 6, 3, rng)


def test_a_step_changes_its_own_images_and_rows_do_not_depend_on_it() -> None:
    images, targets = pictures()
    plain, changed = (
        draw_passes(12, 4, 5, torch.Generator().manual_seed(1), augmentation, 8)
        for augmentation in (None, Augmentation(("crop", "color")))
    )
    for one, other in zip(plain, changed, strict=True):
        assert one.rows is not None and other.rows is not None and torch.equal(one.rows, other.rows)
        assert other.change is not None
        seen, classes = other.of(images, targets)
        assert torch.equal(seen, other.change(images[one.rows])) and torch.equal(classes, targets[one.rows])
        assert not torch.equal(seen, one.of(images, targets)[0])
    whole = draw_passes(12, 0, 1, torch.Generator().manual_seed(1), Augmentation(("color",)), 8)[0]
    assert whole.rows is None and whole.of(images, targets)[0].shape == images.shape
    assert Pass().of(images, targets)[0] is images

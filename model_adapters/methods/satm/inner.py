"""The inner loop: a network trained on the condensed images by plain gradient steps of one learnt size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_adapters.methods.satm.augment import Augmentation, Draw
from model_adapters.methods.satm.networks import Network

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Pass:
    """The images of one step: `rows` of them, int64[b], or None for all; as they are, or under a `change`."""

    rows: Tensor | None = None
    change: Draw | None = None

    def of(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Images and classes that the step sees."""
        if self.rows is not None:
            images, targets = images[self.rows], targets[self.rows]
        return (images if self.change is None else self.change(images)), targets


ALL = Pass()
"""All images as they are."""

Passes = Sequence[Pass]
"""What every inner step sees."""


@dataclass(frozen=True)
class Walked:
    """Where an inner loop ended.

    Attributes:
        theta: float32[p]. total: the sum of its gradients as numbers, float32[p] without a graph.
    """

    theta: Tensor
    total: Tensor


def walk(
    network: Network,
    theta: Tensor,
    images: Tensor,
    targets: Tensor,
    step: Tensor | float,
    passes: Passes,
    *,
    graph: bool,
    total: Tensor | None = None,
) -> Walked:
    """theta_{i+1} = theta_i - step * gradient of the mean cross-entropy of what step i sees.

    Args:
        theta: float32[p]. images: float32[n, 1, side, side]. targets: int64[n].
        graph: keep what a derivative of the end with respect to `images` and `step` needs; memory O(len(passes)).
        total: sum of the gradients of an earlier part of the loop, to go on with.
    """
    import torch
    from torch.nn import functional

    summed = torch.zeros_like(theta) if total is None else total
    # With a graph the start must be part of it, else there is no second derivative to speak of.
    theta = theta.detach().requires_grad_()
    for each in passes:
        some, wanted = each.of(images, targets)
        loss = functional.cross_entropy(network(theta, some), wanted)
        (gradient,) = torch.autograd.grad(loss, theta, create_graph=graph)
        summed = summed + gradient.detach()
        theta = theta - step * gradient
        if not graph:
            theta = theta.detach().requires_grad_()
    return Walked(theta if graph else theta.detach(), summed)


def draw_passes(
    count: int, batch: int, steps: int, rng: torch.Generator, augmentation: Augmentation | None = None, side: int = 0
) -> list[Pass]:
    """What each step sees: all images, or batches without replacement, a new order when one is used up.

    Args:
        batch: images of a step; 0, or at least `count`, for all. augmentation: draws a change for every step, after
            all rows, of images of `side` px; None for none.
    """
    import torch

    rows: list[Tensor | None] = []
    if not batch or batch >= count:
        rows = [None] * steps
    while len(rows) < steps:
        order = torch.randperm(count, generator=rng)
        rows += [part for part in order.split(batch) if len(part) == batch]
    if augmentation is None:
        return [ALL if some is None else Pass(some) for some in rows[:steps]]
    return [Pass(some, augmentation.draw(count if some is None else len(some), side, rng)) for some in rows[:steps]]

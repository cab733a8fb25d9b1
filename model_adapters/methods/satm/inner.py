"""The inner loop: a network trained on the condensed images by plain gradient steps of one learnt size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_adapters.methods.satm.networks import Network

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Rows = Sequence["Tensor | None"]
"""For every step the rows of its images, int64[b], or None for all of them."""


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
    rows: Rows,
    *,
    graph: bool,
    total: Tensor | None = None,
) -> Walked:
    """theta_{i+1} = theta_i - step * gradient of the mean cross-entropy of step i's images.

    Args:
        theta: float32[p]. images: float32[n, 1, side, side]. targets: int64[n].
        graph: keep what a derivative of the end with respect to `images` and `step` needs; memory O(len(rows)).
        total: sum of the gradients of an earlier part of the loop, to go on with.
    """
    import torch
    from torch.nn import functional

    summed = torch.zeros_like(theta) if total is None else total
    # With a graph the start must be part of it, else there is no second derivative to speak of.
    theta = theta.detach().requires_grad_()
    for chosen in rows:
        some, wanted = (images, targets) if chosen is None else (images[chosen], targets[chosen])
        loss = functional.cross_entropy(network(theta, some), wanted)
        (gradient,) = torch.autograd.grad(loss, theta, create_graph=graph)
        summed = summed + gradient.detach()
        theta = theta - step * gradient
        if not graph:
            theta = theta.detach().requires_grad_()
    return Walked(theta if graph else theta.detach(), summed)


def draw_rows(count: int, batch: int, steps: int, rng: torch.Generator) -> list[Tensor | None]:
    """Rows of each step: all images, or batches without replacement, a new order when one is used up.

    Args:
        batch: images of a step; 0, or at least `count`, for all.
    """
    import torch

    if not batch or batch >= count:
        return [None] * steps
    found: list[Tensor | None] = []
    while len(found) < steps:
        order = torch.randperm(count, generator=rng)
        found += [part for part in order.split(batch) if len(part) == batch]
    return found[:steps]

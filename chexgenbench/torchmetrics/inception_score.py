"""Inception score as a torchmetrics metric."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric


class InceptionScore(Metric):
    """exp of the mean KL(p(y | x) || p(y)) over all images (Salimans et al. 2016), from class logits, no splits.

    The states are sums over images, so batches, order and processes change nothing.

    Args:
        classes: number of classes.

    Example:
        >>> metric = InceptionScore(classes=4)
        >>> metric.update(100 * torch.eye(4))
        >>> round(float(metric.compute()), 3)
        4.0
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False

    probability: Tensor
    negative_entropy: Tensor
    count: Tensor

    def __init__(self, classes: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.add_state("probability", torch.zeros(classes, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("negative_entropy", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, logits: Tensor) -> None:
        """Take class logits, float[n, classes].

        Raises:
            ValueError: another shape.
        """
        if logits.ndim != 2 or logits.shape[1] != len(self.probability):
            raise ValueError(f"logits must be [n, {len(self.probability)}], not {list(logits.shape)}")
        log_probability = torch.log_softmax(logits.double(), dim=1)
        probability = log_probability.exp()
        self.probability += probability.sum(dim=0)
        self.negative_entropy += (probability * log_probability).sum()
        self.count += len(logits)

    def compute(self) -> Tensor:
        """The score, float64 from 1 to the number of classes; NaN without images."""
        if self.count == 0:
            return torch.tensor(torch.nan, dtype=torch.float64)
        mean = self.probability / self.count
        return torch.exp(self.negative_entropy / self.count - torch.special.xlogy(mean, mean).sum())

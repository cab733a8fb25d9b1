"""Vendi score as a torchmetrics metric whose state is a sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric

from leaderboards.statistics.vendi import effective_number


class VendiScore(Metric):
    """exp of the entropy of the eigenvalues of the cosine similarities of generated images (Friedman and Dieng 2023).

    The n x n similarity matrix has the non-zero eigenvalues of the d x d sum of outer products of normalised features,
    so that sum is the whole state: float64[d, d], added up across batches and processes.

    Args:
        dim: dimension of the features.
        centre: [d], subtracted first; the mean of real features gives the metric `vendi`, None plain cosines.

    Example:
        >>> metric = VendiScore(dim=3)
        >>> metric.update(torch.eye(3).repeat(5, 1))
        >>> round(float(metric.compute()), 6)
        3.0
    """

    higher_is_better = True
    is_differentiable = False
    full_state_update = False
    products: Tensor
    centre: Tensor

    def __init__(self, dim: int, centre: Tensor | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        if centre is not None and centre.shape != (dim,):
            raise ValueError(f"centre of shape {list(centre.shape)}, not [{dim}]")
        self.add_state("products", torch.zeros(dim, dim, dtype=torch.float64), dist_reduce_fx="sum")
        fixed = torch.zeros(dim, dtype=torch.float64) if centre is None else centre.detach().to(torch.float64)
        self.register_buffer("centre", fixed, persistent=False)

    def update(self, features: Tensor) -> None:
        """Add a batch of features [n, d] of generated images."""
        x = features.detach().to(torch.float64) - self.centre
        norm = x.norm(dim=1, keepdim=True)
        x = x / torch.where(norm > 0, norm, torch.ones_like(norm))
        self.products += x.T @ x

    def compute(self) -> Tensor:
        """The score, a float64 scalar; NaN before any image, or if all lie at the centre."""
        spectrum = np.clip(np.linalg.eigvalsh(self.products.cpu().numpy()), 0.0, None)
        value = effective_number(spectrum)
        return torch.tensor(float("nan") if value is None else value, dtype=torch.float64)

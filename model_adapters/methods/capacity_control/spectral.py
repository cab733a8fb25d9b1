"""SVDiff: only the singular values of each weight move (Han et al. 2023, arXiv 2303.11305).

    W = U diag(sigma) V^T,    W(shift) = U diag(relu(sigma + shift)) V^T

A convolution [out, in, h, w] is taken as [out, in h w]. Computed as W + U diag(relu(sigma + shift) - sigma) V^T, which
is W itself, bit for bit, at shift 0 (singular values are not negative). Gradient: dL/dshift_i = u_i^T (dL/dW) v_i where
sigma_i + shift_i > 0, else 0.

A norm layer's weight, which is a vector, moves by an additive shift at a rate of its own, as in the published code.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

VECTOR_RATE = 1e-6
"""Learning rate of the shifts of norm layers (references: the published code's separate 1-D rate)."""


class SpectralShift(nn.Module):
    """A parametrization of a weight of two or more dimensions: `shift` has min(out, in h w) entries."""

    u: Tensor
    sigma: Tensor
    vh: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        u, sigma, vh = torch.linalg.svd(weight.detach().float().flatten(1), full_matrices=False)
        for name, value in (("u", u), ("sigma", sigma), ("vh", vh)):
            self.register_buffer(name, value.contiguous(), persistent=False)
        self.shift = nn.Parameter(torch.zeros_like(sigma))

    def forward(self, weight: Tensor) -> Tensor:
        """The shifted weight."""
        moved = torch.relu(self.sigma + self.shift) - self.sigma
        return weight + ((self.u * moved) @ self.vh).view_as(weight)


class VectorShift(nn.Module):
    """A parametrization of a vector: weight + shift."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros_like(weight))

    def forward(self, weight: Tensor) -> Tensor:
        """The shifted weight."""
        return weight + self.shift

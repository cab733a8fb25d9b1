"""Sharpness-aware ascent: the perturbation at which a loss is descended, and what of both gradients is kept.

    min over x of max over |eps| <= rho of L(x + eps)

to first order: eps along the gradient, no derivative through it. Used on condensed images by SATM, and on weights by
experts after FTD.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_splits.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

KINDS = ("sam", "asam", "gsam")
TINY = 1e-12
LEAST_SCALE = 0.01
"""Added to |x| by ASAM, so that a zero can move."""


@dataclass(frozen=True)
class Ascent:
    """One of the sharpness-aware minimisers.

    sam: eps = rho g / |g| (Foret et al. 2021). asam: eps = rho T^2 g / |T g| with T = |x| + 0.01, invariant to scale
    (Kwon et al. 2021). gsam: sam, and of the plain gradient the part across the perturbed one is descended away from,
    `share` times (Zhuang et al. 2022): the loss at the centre may rise, the surrogate gap falls. `adaptive` gives gsam
    the perturbation of asam.

    Attributes:
        kind: one of KINDS. rho: radius, in the units of x. share: gsam's alpha.
    """

    kind: str
    rho: float
    share: float = 0.3
    adaptive: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UserError(f"ascent is {self.kind!r}; it is {', '.join(KINDS)}.")

    def perturbation(self, gradient: Tensor, x: Tensor) -> Tensor:
        """eps, of the shape of x; zero where the gradient is."""
        if self.kind == "asam" or self.adaptive:
            scale = x.abs() + LEAST_SCALE
            return scale.square() * gradient * (self.rho / ((scale * gradient).norm() + TINY))
        return gradient * (self.rho / (gradient.norm() + TINY))

    def descent(self, plain: Tensor, perturbed: Tensor) -> Tensor:
        """What is descended along, of the gradients at x and at x + eps."""
        if self.kind != "gsam":
            return perturbed
        along = perturbed * ((plain * perturbed).sum() / (perturbed.square().sum() + TINY))
        return perturbed - self.share * (plain - along)

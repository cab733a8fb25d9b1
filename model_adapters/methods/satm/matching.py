"""One step of trajectory matching: how far training on the condensed images leads from where real training led.

    L(phi, alpha) = |theta_N - theta*_{t+M}|^2 / |theta*_t - theta*_{t+M}|^2

theta_N: N steps of size alpha on the condensed images phi from an expert's weights theta*_t (MTT, Cazenavette et al.
2022). Whole: the derivative through all N steps. Truncated: through the last `kept` ones only, in memory of these; the
terms that fall away shrink like (1 - alpha J)^kept where the curvature is J. With an ascent the derivative is taken at
phi + eps; truncated, the steps on phi + eps start again from the stored state before the last `kept` steps, not from
theta*_t, which leaves out a difference of order alpha rho for each step before. [recon]
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from model_adapters.methods.satm.ascent import Ascent
from model_adapters.methods.satm.inner import Passes, walk
from model_adapters.methods.satm.networks import Network

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Segment:
    """A piece of an expert's trajectory: weights at its first and its last epoch, float32[p]."""

    first: Tensor
    last: Tensor

    @property
    def length(self) -> Tensor:
        """Squared distance, float32[]."""
        return (self.first - self.last).square().sum()

    def loss(self, theta: Tensor) -> Tensor:
        """L of weights that an inner loop reached, float32[]."""
        return (theta - self.last).square().sum() / self.length


@dataclass(frozen=True)
class Slopes:
    """Loss and derivatives at some images.

    Attributes:
        loss: L. by_images: dL/dphi. by_step: dL/dalpha. best_step: the alpha that would be best if the gradients of
            all inner steps stayed what they were: <theta*_t - theta*_{t+M}, G> / |G|^2, G their sum.
    """

    loss: float
    by_images: Tensor
    by_step: float
    best_step: float


@dataclass(frozen=True)
class Matching:
    """How a segment is matched.

    Attributes:
        network: what is trained. targets: int64[n], of the condensed images.
        kept: of the last inner steps, those that are differentiated; all where it is as many.
        ascent: None for a plain descent.
    """

    network: Network
    targets: Tensor
    kept: int
    ascent: Ascent | None = None

    def slopes(self, segment: Segment, images: Tensor, step: float, passes: Passes) -> Slopes:
        """What the images and the step size descend along, and L at the images themselves.

        Args:
            images: phi, float32[n, 1, side, side]. step: alpha. passes: what each of the N inner steps sees.
        """
        cut = max(len(passes) - self.kept, 0)
        reached = walk(self.network, segment.first, images, self.targets, step, passes[:cut], graph=False)

        def through(at: Tensor) -> Slopes:
            return self._through(segment, at, step, passes[cut:], reached.theta, reached.total, whole=cut == 0)

        plain = through(images)
        if self.ascent is None:
            return plain
        perturbed = through(images + self.ascent.perturbation(plain.by_images, images))
        # The step size is that of the images themselves, which is what one trains with. [recon] Taken at phi + eps
        # the best one grew with rho (0.2 to 0.5 and more on digits), and the loss at phi with it.
        return replace(plain, by_images=self.ascent.descent(plain.by_images, perturbed.by_images))

    def _through(
        self, segment: Segment, at: Tensor, step: float, passes: Passes, theta: Tensor, total: Tensor, *, whole: bool
    ) -> Slopes:
        """Derivatives through some steps from `theta`, which is taken as fixed; `total`: gradients of earlier steps."""
        import torch

        phi = at.detach().requires_grad_()
        alpha = torch.tensor(step, dtype=at.dtype, device=at.device, requires_grad=True)
        end = walk(self.network, theta, phi, self.targets, alpha, passes, graph=True, total=total)
        loss = segment.loss(end.theta)
        by_images, by_step = torch.autograd.grad(loss, (phi, alpha))
        if not whole:
            # Autograd saw the last steps only. With their gradients held fixed, all steps count: -G is dtheta/dalpha.
            by_step = -2.0 * ((end.theta.detach() - segment.last) * end.total).sum() / segment.length
        best = ((segment.first - segment.last) * end.total).sum() / end.total.square().sum().clamp_min(1e-20)
        return Slopes(float(loss.detach()), by_images, float(by_step), float(best))

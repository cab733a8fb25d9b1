"""How flat the outer loss is around condensed images, and what they are worth to a network that is trained on them.

Measured on experts that took no part in the condensation: L there, and how far one ascent step raises it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.satm.ascent import Ascent
from model_adapters.methods.satm.augment import Augmentation
from model_adapters.methods.satm.experts import Experts
from model_adapters.methods.satm.inner import ALL, Pass, draw_passes, walk
from model_adapters.methods.satm.matching import Matching
from model_adapters.methods.satm.networks import Network
from model_adapters.methods.satm.settings import Settings

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Flatness:
    """Means over held-out segments.

    Attributes:
        loss: L(phi). gap: L(phi + eps) - L(phi), eps a step of length rho along the gradient of each segment.
    """

    loss: float
    gap: float


def flatness(
    experts: Experts, images: Tensor, targets: Tensor, step: float, settings: Settings, rho: float
) -> Flatness:
    """Of all segments of all `experts`, with the whole derivative and as many inner steps as in the condensation.

    Images are taken as they are, also where they were learnt under augmentation.
    """
    matching = Matching(experts.network, targets, settings.inner_steps)
    ascent, losses, gaps = Ascent("sam", rho), [], []
    for expert in range(experts.plan.count):
        for first in range(settings.start_before):
            passes = draw_passes(len(images), settings.inner_batch, settings.inner_steps, _rng(first, "flatness"))
            segment = experts.segment(expert, first, settings.span)
            found = matching.slopes(segment, images, step, passes)
            moved = images + ascent.perturbation(found.by_images, images)
            end = walk(experts.network, segment.first, moved, targets, step, passes, graph=False)
            losses.append(found.loss)
            gaps.append(float(segment.loss(end.theta)) - found.loss)
    return Flatness(sum(losses) / len(losses), sum(gaps) / len(gaps))


def trained(
    network: Network, images: Tensor, targets: Tensor, step: float, steps: int, seed: int,
    augmentation: Augmentation | None = None,
) -> Tensor:  # fmt: skip
    """Weights float32[p] of a fresh network after so many whole-batch steps on the images, augmented or not."""
    start = network.start(_rng(seed, "start")).to(images.device)
    passes: list[Pass] = [ALL] * steps
    if augmentation is not None:
        passes = draw_passes(len(images), 0, steps, _rng(seed, "augmentation"), augmentation, images.shape[-1])
    return walk(network, start, images, targets, step, passes, graph=False).theta


def accuracy(network: Network, theta: Tensor, images: Tensor, targets: Tensor) -> float:
    """Mean over classes of the share of right answers: chest classes are of unequal size."""
    import torch

    with torch.no_grad():
        right = (network(theta, images).argmax(1) == targets).double()
    return float(torch.stack([right[targets == each].mean() for each in targets.unique()]).mean())


def perturbed(images: Tensor, deviation: float, seed: int) -> Tensor:
    """Images under Gaussian noise: what rounding, compression or a slip in storage may do to them."""
    import torch

    return images + deviation * torch.randn(images.shape, generator=_rng(seed, "noise")).to(images.device)


def _rng(seed: int, purpose: str) -> torch.Generator:
    import torch

    return torch.Generator().manual_seed(derive_seed(seed, "flatness", purpose=f"satm {purpose}"))

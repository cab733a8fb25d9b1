"""Expert trajectories: networks trained on the real images, the weights of every epoch streamed to disk.

`expert-003/epoch-007.safetensors` holds the flat vector after seven epochs. The order of an epoch follows from (seed,
expert, epoch), and plain gradient descent has no state but the weights, so that a killed training goes on from the last
file and ends in the same weights. Matching reads two files of one expert at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.satm.ascent import Ascent
from model_adapters.methods.satm.augment import Augmentation
from model_adapters.methods.satm.inner import Pass
from model_adapters.methods.satm.matching import Segment
from model_adapters.methods.satm.networks import Network

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class ExpertPlan:
    """How experts are trained.

    Attributes:
        count, epochs, rate, batch: of plain SGD without momentum or decay, as MTT trains them.
        ascent: None; or a sharpness-aware one on the weights, as FTD (Du et al. 2023) trains them.
        augmentation: of the real images of every step, or None.
    """

    count: int
    epochs: int
    rate: float
    batch: int
    ascent: Ascent | None = None
    augmentation: Augmentation | None = None


class Experts:
    """Trajectories in a folder.

    Args:
        network: what is trained. images: float32[n, 1, side, side], standardised. targets: int64[n].
        seed: of starts and orders.
    """

    def __init__(
        self, folder: Path, network: Network, images: Tensor, targets: Tensor, plan: ExpertPlan, seed: int
    ) -> None:
        self.folder, self.network, self.plan, self.seed = folder, network, plan, seed
        self._images, self._targets = images, targets

    @property
    def files(self) -> int:
        """Vectors in all."""
        return self.plan.count * (self.plan.epochs + 1)

    def make(self, step: Callable[[int], None] = lambda done: None) -> None:
        """Train what is not there yet.

        Args:
            step: called with the number of vectors that are safe on disk, for new ones.

        Raises:
            UserError: an expert diverged.
        """
        for expert in range(self.plan.count):
            theta = None
            for epoch in range(self.plan.epochs + 1):
                path = self._path(expert, epoch)
                if path.is_file():
                    theta = None
                    continue
                if epoch == 0:
                    theta = self.network.start(self._rng(expert, "start")).to(self._images.device)
                else:
                    theta = self._epoch(self.theta(expert, epoch - 1) if theta is None else theta, expert, epoch)
                _write(path, theta)
                step(expert * (self.plan.epochs + 1) + epoch + 1)

    def theta(self, expert: int, epoch: int) -> Tensor:
        """Weights of an expert after some epochs, float32[p]."""
        from safetensors.torch import load_file

        found: Tensor = load_file(self._path(expert, epoch))["theta"].to(self._images.device)
        return found

    def segment(self, expert: int, first: int, span: int) -> Segment:
        """From one epoch to `span` epochs later."""
        return Segment(self.theta(expert, first), self.theta(expert, first + span))

    def _epoch(self, theta: Tensor, expert: int, epoch: int) -> Tensor:
        import torch

        rng = self._rng(expert, f"epoch {epoch}")
        order, change = torch.randperm(len(self._targets), generator=rng), self.plan.augmentation
        for rows in order.split(self.plan.batch):
            drawn = None if change is None else change.draw(len(rows), self._images.shape[-1], rng)
            theta = theta - self.plan.rate * self._gradient(theta, Pass(rows, drawn))
        if not bool(theta.isfinite().all()):
            raise UserError(f"Expert {expert} diverged in epoch {epoch}. Lower expert_rate (now {self.plan.rate:g}).")
        return theta

    def _gradient(self, theta: Tensor, some: Pass) -> Tensor:
        plain = self._plain(theta, some)
        ascent = self.plan.ascent
        if ascent is None:
            return plain
        return ascent.descent(plain, self._plain(theta + ascent.perturbation(plain, theta), some))

    def _plain(self, theta: Tensor, some: Pass) -> Tensor:
        import torch
        from torch.nn import functional

        at = theta.detach().requires_grad_()
        images, targets = some.of(self._images, self._targets)
        loss = functional.cross_entropy(self.network(at, images), targets)
        return torch.autograd.grad(loss, at)[0]

    def _rng(self, expert: int, what: str) -> torch.Generator:
        import torch

        return torch.Generator().manual_seed(derive_seed(self.seed, f"expert {expert}", purpose=f"satm {what}"))

    def _path(self, expert: int, epoch: int) -> Path:
        return self.folder / f"expert-{expert:03d}" / f"epoch-{epoch:03d}.safetensors"


def _write(path: Path, theta: Tensor) -> None:
    from safetensors.torch import save

    with atomic_write(path) as stream:
        stream.write(save({"theta": theta.detach().cpu().contiguous()}))

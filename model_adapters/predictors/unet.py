"""`UNetSegmenter`: a small U-Net that learns masks from images, on a CPU in seconds. Segmentation's predictor.

It predicts masks, not labels, so it is no entry of PREDICTORS, whose protocol is that of classifiers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import Filter, squashed
from model_adapters.inference.seeds import derive_seed
from model_adapters.predictors.training import deterministic
from model_adapters.protocols import Image

if TYPE_CHECKING:
    import torch

Masks = NDArray[np.bool_]
"""bool[n, structures, side, side]."""

CODE_VERSION = "1"
EVALUATION_BATCH = 32

CARD = ModelCard(
    name="unet",
    kind="predictor",
    source="Ronneberger et al. 2015, arXiv 1505.04597; trained here from random weights",
    licence="Apache-2.0",
    settings={
        "input": "squashed to 64 px, each image to mean 0 and standard deviation 1",
        "loss": "cross-entropy, inside weighted by the root of outside / inside, + (1 - soft Dice), by structure",
        "optimiser": "Adam, batch 8, rate 0.01 falling to 0 as a cosine, no augmentation, the last weights are kept",
    },
)


@dataclass(frozen=True)
class SegmentationRecipe:
    """How the network is trained.

    Attributes:
        side: pixels of the squashed input, a multiple of 8. width: channels of the finest level.
        epochs: passes over the training set, but at least `least_steps` and at most `most_steps` batches.
    """

    side: int = 64
    width: int = 12
    epochs: int = 6
    least_steps: int = 300
    most_steps: int = 3000
    batch: int = 8
    rate: float = 0.01

    def steps(self, images: int) -> int:
        """Batches of a training."""
        return int(np.clip(self.epochs * images // self.batch, self.least_steps, self.most_steps))


class UNetSegmenter:
    """Trains on images and masks, predicts masks.

    Deterministic on a CPU: everything runs on one thread, and what is random follows from the seed.

    Args:
        structures: their names, the order of the masks. recipe: of the training. device: torch device string.
    """

    def __init__(
        self, structures: Sequence[str], recipe: SegmentationRecipe | None = None, device: str = "cpu"
    ) -> None:
        self.structures = tuple(structures)
        self.recipe = recipe or SegmentationRecipe()
        self._device = device
        self._network: torch.nn.Module | None = None
        self.fingerprint = content_hash(
            {
                "predictor": CARD.name,
                "code": CODE_VERSION,
                "recipe": asdict(self.recipe),
                "structures": list(self.structures),
                "device": device.partition(":")[0],
            }
        )

    @property
    def card(self) -> ModelCard:
        """The card."""
        return CARD

    def pixels(self, images: Sequence[Image]) -> NDArray[np.uint8]:
        """uint8[n, side, side], what the network sees of images of any size (decodes each once)."""
        side = self.recipe.side
        found = np.empty((len(images), side, side), np.uint8)
        for row in range(len(images)):
            found[row] = np.rint(np.mean(squashed(images[row], side, Filter.BILINEAR, rounded=True), axis=0))
        return found

    def fit(self, pixels: NDArray[np.uint8], masks: Masks, seed: int) -> None:
        """Train from the start.

        Args:
            pixels: uint8[n, side, side]. masks: bool[n, structures, side, side]. seed: the only source of randomness.

        Raises:
            ValueError: shapes that do not fit.
        """
        import torch

        side, recipe = self.recipe.side, self.recipe
        if pixels.shape != (len(masks), side, side) or masks.shape[1:] != (len(self.structures), side, side):
            raise ValueError(f"pixels {pixels.shape} and masks {masks.shape} for {len(self.structures)} structures")
        share = np.clip(masks.mean((0, 2, 3)), 1e-3, 0.5)
        weight = torch.from_numpy(np.sqrt((1 - share) / share).astype(np.float32))[:, None, None].to(self._device)
        network = self._fresh(seed, share.tolist())
        steps = recipe.steps(len(pixels))
        optimizer = torch.optim.Adam(network.parameters(), lr=recipe.rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        rng = np.random.default_rng(derive_seed(seed, "order", purpose="train"))
        order = np.zeros(0, np.intp)
        network.train()
        with deterministic(self._device):
            for _ in range(steps):
                while len(order) < recipe.batch:
                    order = np.concatenate([order, rng.permutation(len(pixels))])
                rows, order = order[: recipe.batch], order[recipe.batch :]
                target = torch.from_numpy(masks[rows].astype(np.float32)).to(self._device)
                optimizer.zero_grad(set_to_none=True)
                _loss(network(self._input(pixels[rows])), target, weight).backward()
                optimizer.step()
                schedule.step()
        self._network = network.eval()

    def predict(self, pixels: NDArray[np.uint8]) -> Masks:
        """bool[n, structures, side, side]: where the probability is above one half.

        Raises:
            UserError: nothing was fitted or loaded.
        """
        import torch

        if self._network is None:
            raise UserError("The U-Net is not trained yet.")
        parts = [np.zeros((0, len(self.structures), *pixels.shape[1:]), bool)]
        with torch.inference_mode(), deterministic(self._device):
            for start in range(0, len(pixels), EVALUATION_BATCH):
                logits = self._network(self._input(pixels[start : start + EVALUATION_BATCH]))
                parts.append((logits > 0).cpu().numpy())
        return np.concatenate(parts)

    def state(self) -> dict[str, NDArray[Any]]:
        """The trained weights by name."""
        if self._network is None:
            raise UserError("The U-Net is not trained yet.")
        return {name: each.detach().cpu().numpy() for name, each in self._network.state_dict().items()}

    def load(self, state: dict[str, NDArray[Any]]) -> None:
        """Weights of an earlier training of the same recipe and structures.

        Raises:
            UserError: they belong to another network.
        """
        import torch

        from model_adapters.encoders.weights import load_exactly

        network = self._fresh(0, [0.5] * len(self.structures))
        load_exactly(network, {name: torch.from_numpy(np.array(each)) for name, each in state.items()}, what="a U-Net")
        self._network = network.eval()

    def _fresh(self, seed: int, share: list[float]) -> torch.nn.Module:
        from model_adapters.predictors.unet_network import initialised

        start = derive_seed(seed, "initial weights", purpose="train")
        return initialised(len(self.structures), self.recipe.width, share, start).to(self._device)

    def _input(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        import torch

        x = torch.from_numpy(np.ascontiguousarray(pixels)).to(self._device).float()[:, None]
        mean = x.mean((2, 3), keepdim=True)
        spread = (x - mean).square().mean((2, 3), keepdim=True).sqrt()
        return (x - mean) / spread.clamp_min(1.0)  # a flat image stays flat


def masks_at(masks: Sequence[NDArray[np.bool_]], side: int) -> Masks:
    """bool[structures, side, side]: masks squashed like images; a pixel is inside if at least half of it is."""
    found = np.empty((len(masks), side, side), bool)
    for row, mask in enumerate(masks):
        found[row] = squashed(mask.astype(np.uint8) * 255, side, Filter.BILINEAR, rounded=False)[0] >= 127.5
    return found


def _loss(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    from torch.nn import functional

    probability = logits.sigmoid()
    both = (probability * target).sum((0, 2, 3))
    either = probability.sum((0, 2, 3)) + target.sum((0, 2, 3))
    dice = 1.0 - (2.0 * both + 1.0) / (either + 1.0)
    return functional.binary_cross_entropy_with_logits(logits, target, pos_weight=weight) + dice.mean()

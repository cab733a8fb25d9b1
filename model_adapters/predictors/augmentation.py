"""Random views of radiographs for training, each a function of (seed, epoch, image) alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Augmentation:
    """Attributes: degrees: largest rotation either way. brightness, contrast: largest relative change either way.
    flip: mirror half of the images, which puts the heart on the right: only the published recipe does.
    """

    degrees: float = 10.0
    brightness: float = 0.0
    contrast: float = 0.0
    flip: bool = False

    def draw(self, images: int, seed: int) -> np.ndarray:
        """float32[images, 4]: angle (degrees), factor of contrast, offset of brightness, sign of the horizontal axis.

        Args:
            images: of the whole training set. seed: of this epoch.
        """
        rng = np.random.default_rng(seed)
        angle = rng.uniform(-self.degrees, self.degrees, images)
        contrast = 1.0 + rng.uniform(-self.contrast, self.contrast, images)
        brightness = rng.uniform(-self.brightness, self.brightness, images)
        side = np.where(rng.random(images) < 0.5, -1.0, 1.0) if self.flip else np.ones(images)
        return np.stack([angle, contrast, brightness, side], axis=1).astype(np.float32)


def applied(batch: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    """The views of a batch.

    Args:
        batch: float32[b, 1, h, w] in [0, 1]. drawn: float32[b, 4], rows of `Augmentation.draw`.

    Returns:
        float32[b, 1, h, w] in [0, 1]: mirrored, rotated about the centre by bilinear sampling with black corners, then
        (x - mean) * contrast + mean + brightness, clipped.
    """
    import torch
    from torch.nn import functional

    angle, contrast, brightness, side = (drawn[:, k] for k in range(4))
    cosine, sine = torch.cos(angle * math.pi / 180), torch.sin(angle * math.pi / 180)
    height, width = batch.shape[2:]
    nought = torch.zeros_like(angle)
    rows = (
        torch.stack([side * cosine, -side * sine * (height / width), nought], dim=1),
        torch.stack([sine * (width / height), cosine, nought], dim=1),
    )
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(batch.shape), align_corners=False)
    turned = functional.grid_sample(batch, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    mean = turned.mean(dim=(1, 2, 3), keepdim=True)
    shape = (-1, 1, 1, 1)
    return ((turned - mean) * contrast.view(shape) + mean + brightness.view(shape)).clamp(0.0, 1.0)

"""Differentiable augmentation of condensed and real images: the six kinds of DSA, drawn as trajectory matching does.

DSA (Zhao and Bilen 2021) gives a real and a condensed batch whose gradients are compared the same draw, hence Siamese.
Trajectory matching (MTT, Cazenavette et al. 2022) compares no batches: experts are trained on augmented real images,
every inner step sees augmented condensed ones, and the two draw apart. A step takes one kind for all of its images,
and every image its own strength. A `Draw` is a plain value, so the passes at phi and at phi + eps share theirs, and so
could two batches. Strengths are DSA's; grey images have no saturation; beyond the border lies the mean grey level, 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_splits.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

KINDS = ("color", "crop", "cutout", "flip", "scale", "rotate")
ALL = "dsa"
"""All of them. A chest that is flipped has its heart on the right: leave flip out where sides tell something."""

BRIGHTNESS, LEAST_CONTRAST = 1.0, 0.5
"""Shift within half of the first, in standard deviations of a pixel; contrast from the second to one above it."""
SHIFT, HOLE, SCALE, DEGREES = 0.125, 0.5, 1.2, 15.0
"""Shares of a side; largest scale, the smallest is its inverse; largest angle."""


@dataclass(frozen=True)
class Draw:
    """One change of each of b images, linear in them but for a constant.

    Attributes:
        sources, weights: int64 and float32[b, 4, side * side]: output pixel = weighted sum of four source pixels; None
            for where they lie.
        contrast, brightness: float32[b, 1, 1, 1], around the mean of the image, then added.
        mask: float32[b, 1, side, side], multiplied.
    """

    sources: Tensor | None = None
    weights: Tensor | None = None
    contrast: Tensor | None = None
    brightness: Tensor | None = None
    mask: Tensor | None = None

    def __call__(self, images: Tensor) -> Tensor:
        """Changed images, of the shape float32[b, 1, side, side] that is given."""
        import torch

        if self.sources is not None and self.weights is not None:
            rows = torch.arange(len(images), device=images.device).view(-1, 1, 1)
            found = images.flatten(1)[rows, self.sources.to(images.device)]
            images = (found * self.weights.to(found)).sum(1).view_as(images)
        if self.contrast is not None and self.brightness is not None:
            mean = images.mean((1, 2, 3), keepdim=True)
            images = (images - mean) * self.contrast.to(images) + mean + self.brightness.to(images)
        return images if self.mask is None else images * self.mask.to(images)


@dataclass(frozen=True)
class Augmentation:
    """What a step draws from: `kinds`, some of KINDS."""

    kinds: tuple[str, ...]

    def draw(self, count: int, side: int, rng: torch.Generator) -> Draw:
        """A kind for all, a strength for each of `count` images of `side` px."""
        import torch

        def uniform(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand((count, 1, 1), generator=rng)

        kind = self.kinds[int(torch.randint(len(self.kinds), (1,), generator=rng))]
        line = torch.arange(side, dtype=torch.float32)
        y, x = torch.meshgrid(line, line, indexing="ij")
        if kind == "color":
            contrast = uniform(LEAST_CONTRAST, LEAST_CONTRAST + 1.0)
            brightness = uniform(-0.5 * BRIGHTNESS, 0.5 * BRIGHTNESS)
            return Draw(contrast=contrast[..., None], brightness=brightness[..., None])
        if kind == "cutout":
            hole = round(HOLE * side)
            left, top = ((side * uniform(0.0, 1.0)).floor() - hole // 2 for _ in range(2))
            inside = (x >= left) & (x < left + hole) & (y >= top) & (y < top + hole)
            return Draw(mask=(~inside).float()[:, None])
        if kind == "crop":
            most = int(SHIFT * side + 0.5)
            across, down = (uniform(-most, most + 1).floor().clamp(-most, most) for _ in range(2))
            return _moved(x + across, y + down)
        if kind == "flip":
            return _moved(torch.where(uniform(0.0, 1.0) < 0.5, side - 1 - x, x), y.expand(count, -1, -1))
        middle = (side - 1) / 2
        x, y = x - middle, y - middle
        if kind == "scale":
            return _moved(middle + x * uniform(1 / SCALE, SCALE), middle + y * uniform(1 / SCALE, SCALE))
        angle = uniform(-DEGREES, DEGREES) * math.pi / 180
        return _moved(
            middle + x * angle.cos() - y * angle.sin(),
            middle + x * angle.sin() + y * angle.cos(),
        )


def _moved(x: Tensor, y: Tensor) -> Draw:
    """Every output pixel from a place in the source, float32[b, side, side] each; bilinear, 0 beyond the border."""
    import torch

    side = x.shape[-1]
    left, top = x.floor(), y.floor()
    sources, weights = [], []
    for column, across in ((left, 1 - (x - left)), (left + 1, x - left)):
        for row, down in ((top, 1 - (y - top)), (top + 1, y - top)):
            inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
            sources.append((row.clamp(0, side - 1) * side + column.clamp(0, side - 1)).long().flatten(1))
            weights.append((across * down * inside).flatten(1))
    return Draw(sources=torch.stack(sources, 1), weights=torch.stack(weights, 1))


def parse_augmentation(text: str) -> Augmentation | None:
    """The augmentation of an input: "none"; "dsa" for all kinds; or kinds separated by commas.

    Raises:
        UserError: an unknown kind, or one named twice.
    """
    if text.strip() in ("", "none"):
        return None
    kinds = KINDS if text.strip() == ALL else tuple(part.strip() for part in text.split(","))
    if not set(kinds) <= set(KINDS) or len(set(kinds)) < len(kinds):
        raise UserError(f"augment is {text!r}; it is none, {ALL}, or some of {','.join(KINDS)}, each once.")
    return Augmentation(kinds)

"""MS-SSIM within a prompt as a torchmetrics metric."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from chexgenbench.structural_similarity import ms_ssim


class MsSsimDiversity(Metric):
    """Mean MS-SSIM of pairs of images drawn from the same prompt: lower is more diverse.

    A call of `update` takes all images of one prompt; its mean over pairs counts once, however many there are.

    Example:
        >>> metric = MsSsimDiversity()
        >>> picture = torch.arange(64 * 64, dtype=torch.uint8).reshape(64, 64)
        >>> metric.update(torch.stack([picture, picture]))
        >>> round(float(metric.compute()), 6)
        1.0
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False

    total: Tensor
    prompts: Tensor

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("prompts", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, images: Tensor) -> None:
        """Take the images of one prompt, uint8[draws, h, w].

        Raises:
            ValueError: not two or more grey uint8 images.
        """
        if images.ndim != 3 or images.dtype != torch.uint8 or len(images) < 2:
            raise ValueError(f"expected uint8[2 or more, h, w], got {images.dtype} {list(images.shape)}")
        pictures = images.cpu().numpy()
        pairs = [ms_ssim(pictures[i], pictures[j]) for i, j in combinations(range(len(pictures)), 2)]
        self.total += sum(pairs) / len(pairs)
        self.prompts += 1

    def compute(self) -> Tensor:
        """The mean over prompts, float64; NaN without any."""
        return self.total / self.prompts

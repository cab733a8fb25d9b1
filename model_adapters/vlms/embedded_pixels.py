"""The embedded VLM's second look, at small copies of the images, for tasks where Lite0's maps do not tell enough."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model_adapters.protocols import Image
from model_adapters.vlms import embedded_analogy, embedded_jigsaw

SIDE = 96
TASKS = ("analogy", "image_jigsaw")


def thumbnail(image: Image) -> NDArray[np.uint8]:
    """uint8 [h, w] or [h, w, 3] -> uint8 [96, 96, 3]: means over the area of each pixel."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(image)).convert("RGB")
    return np.asarray(picture.resize((SIDE, SIDE), Pillow.Resampling.BOX))


def scaled(thumbnails: NDArray[np.uint8]) -> Tensor:
    """uint8 [..., 96, 96, 3] -> float32 [..., 3, 96, 96] from -2 to 2."""
    return torch.from_numpy(thumbnails).float().movedim(-1, -3) / 63.75 - 2


class Pixels(nn.Module):
    """Names the likeliest answer to a question of `TASKS` from thumbnails and text."""

    def __init__(self) -> None:
        super().__init__()
        self.analogy, self.jigsaw = embedded_analogy.Analogy(), embedded_jigsaw.Jigsaw(SIDE)

    def forward(self, task: str, pixels: Tensor, words: Tensor) -> str | None:
        """The answer, or None for another task or another number of images than the task has.

        Args:
            pixels: float [images, 3, 96, 96], see `scaled`.
            words: embeddings float [length, 576] of the question, scaled to unit deviation.
        """
        if task == "analogy" and len(pixels) == embedded_analogy.IMAGES:
            return embedded_analogy.ANSWERS[int(self.analogy(pixels).argmax())]
        if task == "image_jigsaw" and len(pixels) == embedded_jigsaw.IMAGES:
            return embedded_jigsaw.OPTIONS[int(self.jigsaw(pixels, words).argmax())]
        return None

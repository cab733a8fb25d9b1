"""The embedded VLM's look at analogies: what each image shows, and whether both pairs change by the same steps.

Learnt from pixels: a small convolutional network reads five factors of each of four thumbnails as distributions; a
small network per factor turns two of them into a distribution over steps; the steps of both pairs are compared.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

FACTORS: dict[str, tuple[str, ...]] = {
    "turn": ("0", "1", "2", "3"),
    "number": ("1", "2", "3", "4"),
    "size": ("0", "1", "2"),
    "fill": ("0", "1"),
    "night": ("0", "1"),
}
"""Factor -> its values, in the order of the logits."""
STEPS: dict[str, tuple[str, ...]] = {
    "turn": ("0", "1", "2", "3"),
    "number": tuple(map(str, range(-3, 4))),
    "size": tuple(map(str, range(-2, 3))),
    "fill": ("0", "1"),
    "night": ("0", "1"),
}
"""Factor -> by how much it can change from one image to the next; turn, fill and night go round."""
SIZES = tuple(map(len, FACTORS.values()))
ANSWERS = ("No", "Yes")
IMAGES = 4


class Analogy(nn.Module):
    """Four thumbnails -> logits of No and Yes.

    Args:
        width: channels of the last convolution. hidden: of the networks that find the steps.
    """

    def __init__(self, width: int = 96, hidden: int = 64) -> None:
        super().__init__()
        channels = (3, width // 4, width // 2, 3 * width // 4, width)
        pairs = list(pairwise(channels))
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3 if a > 3 else 5, 2, 1 if a > 3 else 2) for a, b in pairs)
        self.norms = nn.ModuleList(nn.GroupNorm(1, b) for _, b in pairs)
        self.head = nn.Linear(2 * width, sum(SIZES))
        self.step = nn.ModuleList(
            nn.Sequential(nn.Linear(2 * size, hidden), nn.GELU(), nn.Linear(hidden, len(steps)))
            for size, steps in zip(SIZES, STEPS.values(), strict=True)
        )
        self.verdict = nn.Linear(len(STEPS), len(ANSWERS))

    def read(self, pixels: Tensor) -> Tensor:
        """float [n, 3, side, side] -> logits float [n, 15] of the values of all factors."""
        x = pixels
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = functional.gelu(norm(layer(x)))
        out: Tensor = self.head(torch.cat([4 * x.mean((2, 3)), x.amax((2, 3))], 1))
        return out

    def steps(self, logits: Tensor) -> list[Tensor]:
        """What two images show, float [pairs, 2, 15] -> per factor, logits float [pairs, steps]."""
        parts = logits.split(SIZES, -1)
        return [step(part.softmax(-1).flatten(1)) for part, step in zip(parts, self.step, strict=True)]

    def compare(self, one: list[Tensor], two: list[Tensor]) -> Tensor:
        """The steps of both pairs, float [questions, steps] per factor -> logits of No and Yes float [questions, 2]."""
        alike = [(a.softmax(-1) * b.softmax(-1)).sum(-1) for a, b in zip(one, two, strict=True)]
        verdict: Tensor = self.verdict(torch.stack(alike, -1).clamp_min(1e-4).log())
        return verdict

    def forward(self, pixels: Tensor) -> Tensor:
        """float [4, 3, side, side] of one question -> logits float [2]."""
        read = self.read(pixels)[None]
        return self.compare(self.steps(read[:, :2]), self.steps(read[:, 2:]))[0]

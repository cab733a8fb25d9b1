"""The embedded VLM's look at jigsaws: which patch lies where, and which option says so.

Learnt: features in which a patch and a place are compared, which parts of a patch count (its number hides one), and how
an option's text names an order. Given: the first image is the original, a square of four, the others are its patches.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from model_adapters.vlms.smollm2 import WIDTH

OPTIONS = ("A", "B", "C", "D")
PLACES = PATCHES = 4
IMAGES = 1 + PATCHES
KINDS = (len(OPTIONS) + 1, PLACES, PATCHES)
"""What the text's tokens are sorted into: an option or none, a place, a patch."""


class Matcher(nn.Module):
    """How well each patch fits each place: a learnt distance between feature maps.

    Args:
        side: of a thumbnail in pixels. width: channels of the features.
    """

    def __init__(self, side: int, width: int = 16) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.weight = nn.Parameter(torch.zeros(side // 4, side // 4))
        self.gain = nn.Parameter(torch.zeros(()))

    def features(self, pixels: Tensor) -> Tensor:
        """float [n, 3, side / 2, side / 2] -> float [n, width, side / 4, side / 4]."""
        return functional.avg_pool2d(self.second(functional.gelu(self.first(pixels))), 2)

    def forward(self, pixels: Tensor) -> Tensor:
        """float [questions, 5, 3, side, side] -> how well float [questions, places, patches]."""
        half = pixels.shape[-1] // 2
        quarters = [pixels[:, 0, :, y : y + half, x : x + half] for y in (0, half) for x in (0, half)]
        places = self.features(torch.stack(quarters, 1).flatten(0, 1))
        patches = self.features(functional.avg_pool2d(pixels[:, 1:].flatten(0, 1), 2))
        places, patches = (x.view(-1, 4, *x.shape[1:]) for x in (places, patches))
        apart = (places[:, :, None] - patches[:, None]).square().mean(3)
        weight = self.weight.flatten().softmax(0).view_as(self.weight)
        fit: Tensor = -20 * self.gain.exp() * (apart * weight).sum((-1, -2))
        return fit


class OptionReader(nn.Module):
    """The text of a question -> which patch each option puts where.

    Every token says to which option and place it belongs and which patch it names, from the tokens around it.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.into = nn.Linear(WIDTH, width)
        self.around = nn.ModuleList(nn.Conv1d(width, width, 9, padding=4 * d, dilation=d) for d in (1, 2))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, sum(KINDS))

    def tokens(self, words: Tensor) -> list[Tensor]:
        """Embeddings float [length, 576], of unit deviation -> logits of option (the last: none), place and patch."""
        x = self.into(words).T[None]
        for layer in self.around:
            x = x + functional.gelu(layer(x))
        return list(self.out(self.norm(x[0].T)).split(KINDS, -1))

    def forward(self, words: Tensor) -> Tensor:
        """The same -> float [options, places, patches], about 0 or 1."""
        option, place, patch = (logits.softmax(-1) for logits in self.tokens(words))
        return torch.einsum("to,tp,tn->opn", option[:, : len(OPTIONS)], place, patch)


class Jigsaw(nn.Module):
    """The original and four patches, and the question -> logits of the options.

    Args:
        side: of a thumbnail in pixels.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.matcher, self.reader = Matcher(side), OptionReader()

    def forward(self, pixels: Tensor, words: Tensor) -> Tensor:
        """float [5, 3, side, side] and float [length, 576] of one question -> float [4]."""
        return judged(self.matcher(pixels[None])[0], self.reader(words))


def judged(fit: Tensor, options: Tensor) -> Tensor:
    """Logits of the options: how well their patches fit where they put them.

    Args:
        fit: float [..., places, patches]. options: float [..., options, places, patches].
    """
    return (fit.log_softmax(-1)[..., None, :, :] * options).sum((-1, -2))

"""Control: the memoriser under Gaussian noise. It hides from pixel equality and must not hide from anything better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.generators.real_pool import RealPool
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image

OPTIONS: dict[str, OptionValue] = {"sigma": 15.0}

CARD = ModelCard(
    name="noisy-memoriser",
    kind="generator",
    source="training images of the split, with Gaussian noise",
    licence="that of the split",
    settings={"copies_real_images": True, **OPTIONS},
    notes=("A control, not a model: every image is a real training image with noise (option sigma, grey levels).",),
)


class NoisyMemoriser:
    """The memoriser's image plus seeded Gaussian noise of standard deviation `sigma` grey levels, clipped to 0..255."""

    needs_prompt = False

    def __init__(self, context: BuildContext) -> None:
        self._sigma: float = read_options(context.options, OPTIONS, CARD.name)["sigma"]
        if not self._sigma >= 0:
            raise UserError("Option 'sigma' of noisy-memoriser is a standard deviation: it must be 0 or more.")
        self._pool = RealPool(context, CARD.name)
        self.card = self._pool.card(CARD, sigma=self._sigma)

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        return [self._draw(request) for request in requests]

    def _draw(self, request: GenerationRequest) -> Image:
        pixels = self._pool.image(self._pool.closest(request))
        noise = np.random.default_rng([request.seed, 1]).normal(0.0, self._sigma, pixels.shape)
        return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def build(context: BuildContext) -> NoisyMemoriser:
    """Make the adapter. Option: sigma (grey levels, default 15)."""
    return NoisyMemoriser(context)

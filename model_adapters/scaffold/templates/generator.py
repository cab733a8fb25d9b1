"""My adapter: clouds whose grain follows the prompt. Say what yours is, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image

OPTIONS: dict[str, OptionValue] = {"size": 256}
"""What `--model-option KEY=VALUE` may set, with defaults; {} if nothing."""

CARD = ModelCard(
    name="my-adapter",
    kind="generator",
    source="computed",
    licence="Apache-2.0",
    parameters=0,
    resolution=256,
    settings=dict(OPTIONS),
    notes=("A texture, not a radiograph: as `model-adapters new` wrote it. Say here what a reader must know.",),
)


class MyAdapter:
    """Draws each image from its request's prompt and seed, and from nothing else."""

    def __init__(self, context: BuildContext) -> None:
        options = read_options(context.options, OPTIONS, CARD.name)
        if options["size"] < 16 or options["size"] % 16:
            raise UserError(f"{CARD.name} takes a size that is a multiple of 16.")
        self._size: int = options["size"]
        self.card = CARD.model_copy(update={"settings": options, "resolution": self._size})

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        """One image per request, uint8[size, size], in order."""
        return [self._draw(request) for request in requests]

    def _draw(self, request: GenerationRequest) -> Image:
        words = crc32(request.prompt.encode())
        # Both the request's seed and its text enter the random state: another prompt is another image.
        rng = np.random.default_rng([request.seed, words])
        cells = (4, 8, 16)[words % 3]
        coarse = rng.integers(0, 256, (cells, cells)).astype(np.float64)
        enlarged = np.kron(coarse, np.ones((self._size // cells, self._size // cells)))
        return np.clip(enlarged + rng.normal(0.0, 8.0, enlarged.shape), 0, 255).astype(np.uint8)


def build(context: BuildContext) -> MyAdapter:
    """Make the adapter. Import torch and other heavy packages inside here, not at the top.

    Raises:
        UserError: an unknown option, or a size that cannot be drawn.
    """
    return MyAdapter(context)

"""`grey64`: the image itself at 64 x 64 grey, for metrics that compare pixels without decoding files again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import Filter, squashed
from model_adapters.encoders.torch_encoder import require_float32
from model_adapters.protocols import BuildContext, ClassHead, Image
from model_adapters.requirements import Estimate

SIDE = 64

CODE_VERSION = "1"
"""Raised when the code here changes what a feature is; there are no weights."""

CARD = ModelCard(
    name="grey64",
    kind="encoder",
    source="ships with this package; no weights",
    licence="Apache-2.0",
    resolution=SIDE,
    settings={
        "features": "grey levels of a 64 x 64 image in [0, 1], row by row: 4096-d",
        "input": "mean of the channels, squashed to 64 px by antialiased bilinear without rounding",
    },
    notes=("Pixels, not semantics: made for copy detection and pixel distance, not for distances of distributions.",),
)


class Grey64:
    """Displayed image -> float32[4096] in [0, 1]; `feature.reshape(64, 64)` is the image again."""

    name = CARD.name
    card = CARD
    dim = SIDE * SIDE
    compute_batch = 8
    fingerprint = content_hash({"weights": [], "preprocessing": "grey-bilinear64-float-unit", "code": CODE_VERSION})

    def preprocess(self, image: Image) -> NDArray[np.float32]:
        """uint8[H, W] or uint8[H, W, 3] -> float32[3, 64, 64], three equal channels."""
        channels = squashed(image, SIDE, Filter.BILINEAR, rounded=False)
        grey = np.stack(channels).mean(axis=0, dtype=np.float32) / np.float32(255)
        # A filter with positive weights stays within the grey levels, but for the last digit.
        return np.repeat(np.clip(grey, 0.0, 1.0)[None], 3, axis=0)

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[compute_batch, 3, 64, 64] -> float32[compute_batch, 4096].

        Raises:
            ValueError: another shape.
        """
        if batch.shape != (self.compute_batch, 3, SIDE, SIDE):
            raise ValueError(f"grey64 encodes [{self.compute_batch}, 3, {SIDE}, {SIDE}], got {list(batch.shape)}")
        return np.ascontiguousarray(batch[:, 0].reshape(len(batch), -1), dtype=np.float32)

    def class_head(self) -> ClassHead | None:
        """None: pixels come with no classifier."""
        return None


def build(context: BuildContext) -> Grey64:
    """The encoder; there is nothing to load.

    Raises:
        UserError: the context asks for another dtype than float32.
    """
    require_float32(context)
    return Grey64()


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread with 256 px images; decoding costs more than this."""
    return Estimate(0.001 * images, 0.1, "one CPU thread", "measured, 256 px")

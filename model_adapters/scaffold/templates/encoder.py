"""My adapter: mean brightness and contrast of 8 x 8 tiles. Say what yours is, in one sentence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders.preprocessing import Filter, squashed
from model_adapters.protocols import BuildContext, ClassHead, Image

SIDE, TILES = 64, 8

CODE_VERSION = "1"
"""Part of the fingerprint: raise it when the code here changes what a feature is."""

CARD = ModelCard(
    name="my-adapter",
    kind="encoder",
    source="computed",
    licence="Apache-2.0",
    parameters=0,
    resolution=SIDE,
    settings={"features": f"mean and deviation of {TILES} x {TILES} tiles", "input": f"squashed to {SIDE} px"},
    notes=("Grey levels, not semantics: as `model-adapters new` wrote it. Say here what a reader must know.",),
)


class MyAdapter:
    """Displayed image -> float32[128]: 64 tile means, then 64 tile deviations, of grey levels in [0, 1]."""

    name = CARD.name
    card = CARD
    dim = 2 * TILES * TILES
    compute_batch = 8
    # A network's fingerprint holds the sha256 of its weights, its dtype and its compute batch as well.
    fingerprint = content_hash({"encoder": CARD.name, "weights": [], "code": CODE_VERSION})

    def preprocess(self, image: Image) -> NDArray[np.float32]:
        """uint8[H, W] or uint8[H, W, 3] -> float32[3, 64, 64] in [0, 1]."""
        channels = np.stack(squashed(image, SIDE, Filter.BILINEAR, rounded=False)).astype(np.float32)
        return np.broadcast_to(channels, (3, SIDE, SIDE)) / np.float32(255)

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[compute_batch, 3, 64, 64] -> float32[compute_batch, 128]."""
        grey = batch.mean(axis=1, dtype=np.float64)
        tiles = grey.reshape(len(batch), TILES, SIDE // TILES, TILES, SIDE // TILES)
        both = (tiles.mean(axis=(2, 4)), tiles.std(axis=(2, 4)))
        return np.concatenate([each.reshape(len(batch), -1) for each in both], axis=1).astype(np.float32)

    def class_head(self) -> ClassHead | None:
        """None: there is no classifier on these features."""
        return None


def build(context: BuildContext) -> MyAdapter:
    """Make the adapter. Import torch and other heavy packages inside here, not at the top."""
    return MyAdapter()

"""Latents of a generator's autoencoder as features, so that they are computed once for all runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_splits.integrity import content_hash
from model_adapters.generators import diffusers_checkpoint as checkpoint
from model_adapters.methods.capacity_control.cases import pixels

if TYPE_CHECKING:
    from model_adapters.methods.capacity_control.base import Base
    from model_adapters.protocols import Image


class LatentEncoder:
    """What the extraction engine asks of an encoder; the feature is the flattened latent of an image.

    Attributes:
        shape: (c, h, w) of a latent.
    """

    compute_batch = 4

    def __init__(self, base: Base) -> None:
        import torch

        self.base = base
        self.name = f"latents of {base.located.source}"
        self.shape = tuple(base.encode(torch.zeros(1, base.channels, base.size, base.size)).shape[1:])
        self.dim = int(np.prod(self.shape))
        hashes = checkpoint.weight_hashes(base.located.folder)
        own = {name: each for name, each in hashes.items() if name.startswith("vae/")}
        self.fingerprint = content_hash(["latents 1", own, base.size, self.compute_batch, base.device])

    def preprocess(self, image: Image) -> NDArray[np.float32]:
        """float32[channels, size, size] in [-1, 1], as fine-tuning sees it."""
        found: NDArray[np.float32] = pixels([image], self.base.size, self.base.channels)[0].numpy()
        return found

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32[compute_batch, c h w]."""
        import torch

        out: Any = self.base.encode(torch.from_numpy(batch)).float().flatten(1).cpu().numpy()
        return np.asarray(out, np.float32)

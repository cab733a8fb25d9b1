"""Features of texts through the store: each text is encoded once, ever, for all runs and metrics.

The store holds the sha256 of a text and its vector, never the text: so it may hold those of a credentialed split, on
the user's own machine, as it does for images.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.integrity import sha256_bytes
from model_adapters.inference.feature_store import FeatureStore
from model_adapters.protocols import TextEncoder

CHUNK = 256
"""Texts between two writes to the store's memory: what a kill may lose."""


def text_hash(text: str) -> str:
    """Hex sha256 of the UTF-8 text, the same as a manifest's `prompt_sha256`."""
    return sha256_bytes(text.encode())


def text_store(encoder: TextEncoder, folder: Path | None = None) -> FeatureStore:
    """The store of a text encoder's features; in the user's cache unless a folder is given."""
    return FeatureStore(encoder.fingerprint, encoder.dim, folder)


def text_features(texts: Sequence[str], encoder: TextEncoder, store: FeatureStore) -> NDArray[np.float32]:
    """Features of texts in order, encoding only those that the store lacks.

    Returns:
        float32[n, d].
    """
    hashes = [text_hash(text) for text in texts]
    by_hash = dict(zip(hashes, texts, strict=True))
    missing = store.missing(hashes)
    for start in range(0, len(missing), CHUNK):
        part = missing[start : start + CHUNK]
        store.put_many(part, encoder.encode_text([by_hash[key] for key in part]))
    store.flush()
    features, absent = store.get_many(hashes)
    assert not absent, f"{len(absent)} texts have no feature after encoding"
    return features

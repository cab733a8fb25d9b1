"""Adapters without a network, for tests of stores and engines."""

from __future__ import annotations

import hashlib
import time

import numpy as np

from model_adapters.card import ModelCard
from model_adapters.protocols import GenerationRequest

CARD = ModelCard(name="fake", kind="generator", source="test", licence="none")


class NoiseGenerator:
    """Noise by the seed; prompts are mixed in. Counts batches, sleeps if told to, fails on chosen ids."""

    card = CARD
    needs_prompt = False

    def __init__(self, size: int = 16, delay: float = 0.0, fits: int | None = None) -> None:
        self.size, self.delay, self.fits = size, delay, fits
        self.batches: list[int] = []
        self.errors: dict[str, Exception] = {}

    def generate(self, requests: list[GenerationRequest]) -> list[np.ndarray]:
        self.batches.append(len(requests))
        if self.fits is not None and len(requests) > self.fits:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")
        for request in requests:
            if request.case_id in self.errors:
                raise self.errors[request.case_id]
        time.sleep(self.delay)
        return [self.draw(request) for request in requests]

    def draw(self, request: GenerationRequest) -> np.ndarray:
        text = int.from_bytes(hashlib.sha256(request.prompt.encode()).digest()[:8], "big")
        return np.random.default_rng([request.seed, text]).integers(0, 256, (self.size, self.size), dtype=np.uint8)


class MeanEncoder:
    """Mean and standard deviation; batches of another size than `compute_batch` are an error."""

    name, dim, fingerprint, compute_batch = "mean", 2, "f" * 64, 4

    def __init__(self) -> None:
        self.passes = 0
        self.decoded = 0

    @property
    def card(self) -> ModelCard:
        return ModelCard(name="mean", kind="encoder", source="test", licence="none")

    def preprocess(self, image: np.ndarray) -> np.ndarray:
        self.decoded += 1
        return np.broadcast_to(image.astype(np.float32) / 255, (3, *image.shape)).copy()

    def encode(self, batch: np.ndarray) -> np.ndarray:
        assert len(batch) == self.compute_batch
        self.passes += 1
        return np.stack([batch.mean((1, 2, 3)), batch.std((1, 2, 3))], 1).astype(np.float32)

    def class_head(self) -> None:
        return None

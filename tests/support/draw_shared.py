"""Draws noise images as one of several processes: what `accelerate launch` starts in a test."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np

from model_adapters.card import ModelCard
from model_adapters.inference.distributed import generate_shared, this_share
from model_adapters.protocols import GenerationRequest

REQUESTS = [GenerationRequest(f"c{index}", f"prompt {index}", 1000 + index) for index in range(22)]
KEY = {"model": "noise"}


class Noise:
    """Noise of the seed, moved in its last digit by its place in the batch, as a network's batch would."""

    card = ModelCard(name="noise", kind="generator", source="test", licence="none")
    compute_batch = 4

    def __init__(self, dies_at: str | None = None) -> None:
        self.dies_at = dies_at

    def generate(self, requests: list[GenerationRequest]) -> list[np.ndarray]:
        if any(request.case_id == self.dies_at for request in requests):
            os.kill(os.getpid(), signal.SIGKILL)
        images = [np.random.default_rng(each.seed).integers(0, 250, (8, 8), dtype=np.uint8) for each in requests]
        return [image + np.uint8(place) for place, image in enumerate(images)]


if __name__ == "__main__":
    share = this_share()
    dies_at = sys.argv[2] if len(sys.argv) > 2 and share.rank == 1 else None
    report = generate_shared(Noise(dies_at), REQUESTS, Path(sys.argv[1]), KEY, share)
    if share.main:
        print(f"drawn {report.drawn} skipped {report.skipped}")

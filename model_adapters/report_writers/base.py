"""The protocol of report writers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from model_adapters.card import ModelCard
from model_adapters.protocols import Image


@runtime_checkable
class ReportWriter(Protocol):
    """Learns to write the report of a radiograph, and writes: always the same text for the same image.

    Attributes:
        fingerprint: sha256 over everything besides images, reports and seed that a trained writer depends on.
    """

    fingerprint: str

    @property
    def card(self) -> ModelCard: ...

    def fit(self, images: Sequence[Image], reports: Sequence[str], patients: NDArray[np.str_], seed: int) -> None:
        """Train on n images and their reports, from the start, whatever was fitted before.

        Args:
            patients: str[n]; a validation part, where there is one, is split off by patient.
            seed: the only source of randomness.
        """
        ...

    def write(self, images: Sequence[Image]) -> list[str]:
        """One report an image, greedily (no sampling), each a function of its image alone."""
        ...

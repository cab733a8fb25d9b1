"""Features of made-up patients: what a patient's images share, and what they do not."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from made_asked import asked
from made_features import side
from numpy.typing import NDArray

from chexgenbench.metrics.base import Asked, MetricInput, PairHead, Side

DIM = 12


@dataclass
class Patients:
    """Features are a patient's own vector, plus `spread` of one image, in a space whose axes differ in scale."""

    seed: int = 0
    spread: float = 0.5
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def images(self, who: NDArray[np.float64]) -> NDArray[np.float64]:
        """An image of each patient vector [..., d]."""
        scale = np.geomspace(0.1, 10.0, DIM)
        return scale * (3.0 + who + self.spread * self.rng.normal(size=who.shape))

    def people(self, n: int) -> NDArray[np.float64]:
        """float64[n, d]."""
        return self.rng.normal(size=(n, DIM))

    def train(self, n: int = 300, images: int = 2) -> Side:
        """Several images of each of n patients."""
        who = np.repeat(self.people(n), images, axis=0)
        return side(self.images(who), patients=np.repeat(np.arange(n), images), prefix="t")

    def prompts(self, n: int, draws: int, own: float, prefix: str) -> Asked:
        """Draws that show the prompt's own patient with probability `own` each, else a stranger."""
        who = self.people(n)
        shown = np.where(self.rng.random((n, draws, 1)) < own, who[:, None], self.rng.normal(size=(n, draws, DIM)))
        return asked(self.images(shown), self.images(who), prefix)

    def data(
        self, own: float, n: int = 60, draws: int = 4, head: PairHead | None = None, **more: object
    ) -> MetricInput:
        """Probes and controls; controls always show strangers."""
        train = self.train()
        return MetricInput(
            train.take(range(3)),
            train.take(range(3)),
            "enc",
            7,
            train=train,
            probes=self.prompts(n, draws, own, "p"),
            controls=self.prompts(n, draws, 0.0, "c"),
            pair_head=head,
            **more,  # type: ignore[arg-type]
        )

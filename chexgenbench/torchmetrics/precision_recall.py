"""Precision, recall, density and coverage as a torchmetrics metric."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from chexgenbench.neighbours import K, Neighbours
from chexgenbench.torchmetrics.feature_lists import FeatureLists


class PrecisionRecallDensityCoverage(FeatureLists):
    """The four k-nearest-neighbour statistics, exact, in bounded memory; the numbers of the metrics of these names.

    Args:
        k: neighbours that set the radius of a ball.

    Example:
        >>> metric = PrecisionRecallDensityCoverage()
        >>> features = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
        >>> metric.update(features, real=True)
        >>> metric.update(features, real=False)
        >>> sorted((name, float(value)) for name, value in metric.compute().items() if name != "density")
        [('coverage', 1.0), ('precision', 1.0), ('recall', 1.0)]
    """

    higher_is_better = True

    def __init__(self, k: int = K, **settings: Any) -> None:
        super().__init__(**settings)
        self.k = k

    def compute(self) -> dict[str, Tensor]:
        """The four numbers, float64 scalars.

        Raises:
            ValueError: k images or fewer on a side.
        """
        neighbours = Neighbours.of(self.side("generated").features, self.side("real").features, self.k)
        values = {
            "precision": neighbours.in_reference.mean(),
            "recall": neighbours.in_generated.mean(),
            "density": neighbours.balls.mean() / self.k,
            "coverage": neighbours.covered.mean(),
        }
        return {name: torch.tensor(float(value), dtype=torch.float64) for name, value in values.items()}

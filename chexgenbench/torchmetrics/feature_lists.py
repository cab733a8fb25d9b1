"""Features and patients of both sides as lists that concatenate across processes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat

from chexgenbench.metrics.base import Side

ALONE = -1
"""Patient number of an image that has no patient known: it counts as a patient of its own."""


class FeatureLists(Metric):
    """Collects float32 features, and patients where given, of real and generated images.

    These statistics are not sums: every pair of images enters, so the features themselves are the state. Memory grows
    by 4 d bytes an image; the sync concatenates them.
    """

    is_differentiable = False
    full_state_update = False

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for part in ("real", "generated"):
            self.add_state(f"{part}_features", default=[], dist_reduce_fx="cat")
            self.add_state(f"{part}_patients", default=[], dist_reduce_fx="cat")

    def update(self, features: Tensor, real: bool, patients: Tensor | None = None) -> None:
        """Add a batch of one side.

        Args:
            features: [n, d], stored as float32.
            real: whether they are of real images.
            patients: int64[n], not negative; None if every image is of another patient.

        Raises:
            ValueError: features that are not [n, d], or a different number of patients.
        """
        if features.ndim != 2:
            raise ValueError(f"features must be [n, d], not {list(features.shape)}")
        if patients is None:
            patients = torch.full((len(features),), ALONE, dtype=torch.int64, device=features.device)
        if patients.shape != (len(features),):
            raise ValueError(f"{len(features)} features and patients of shape {list(patients.shape)}")
        part = "real" if real else "generated"
        getattr(self, f"{part}_features").append(features.detach().to(torch.float32))
        getattr(self, f"{part}_patients").append(patients.detach().to(torch.int64))

    def side(self, part: str) -> Side:
        """Everything collected so far of "real" or "generated" images, from all processes once synchronised."""
        lists = getattr(self, f"{part}_features"), getattr(self, f"{part}_patients")
        if isinstance(lists[0], list) and not lists[0]:
            raise ValueError(f"no {part} images yet")
        features, patients = (dim_zero_cat(each).cpu().numpy() for each in lists)
        alone = patients == ALONE
        names = np.where(alone, np.char.add(f"{part} ", np.arange(len(patients)).astype(str)), patients.astype(str))
        rows = np.arange(len(features), dtype=np.int64)
        return Side(features, names.astype(np.str_), rows.astype(np.str_), rows, None)

"""KID and RBF MMD as a torchmetrics metric."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from chexgenbench.kernels import pair_sums
from chexgenbench.torchmetrics.feature_lists import FeatureLists
from leaderboards.statistics.kernel_tiles import RBF, Polynomial
from leaderboards.statistics.mmd import mmd


class KernelDistance(FeatureLists):
    """Unbiased squared MMD of all pairs of images of different patients, with its standard error.

    The same numbers as the metrics `kid` (kernel "polynomial") and `mmd_rbf` (kernel "rbf"). Lower is better.

    Args:
        kernel: "polynomial" is (<x, y> / d + 1)^3; "rbf" is exp(-||x - y||^2 / (2 bandwidth^2)).
        bandwidth: of the RBF kernel, for example `median_distance` of real training features.

    Raises:
        ValueError: an RBF kernel without a bandwidth.

    Example:
        >>> metric = KernelDistance()
        >>> generator = torch.Generator().manual_seed(0)
        >>> metric.update(torch.randn(100, 16, generator=generator), real=True)
        >>> metric.update(torch.randn(100, 16, generator=generator) + 1, real=False)
        >>> value, error = metric.compute()
        >>> bool(value > 5 * error)
        True
    """

    higher_is_better = False

    def __init__(
        self, kernel: Literal["polynomial", "rbf"] = "polynomial", bandwidth: float | None = None, **settings: Any
    ) -> None:
        super().__init__(**settings)
        if kernel == "rbf" and bandwidth is None:
            raise ValueError("an RBF kernel needs a bandwidth, such as the median distance of real training features")
        self.kernel, self.bandwidth = kernel, bandwidth

    def compute(self) -> tuple[Tensor, Tensor]:
        """Value and standard error, float64 scalars; NaN for an error that is undefined (fewer than 10 patients)."""
        generated, real = self.side("generated"), self.side("real")
        if self.kernel == "rbf":
            assert self.bandwidth is not None
            arrays = pair_sums(generated, real, RBF(self.bandwidth), real.features.mean(axis=0, dtype=float))
        else:
            arrays = pair_sums(generated, real, Polynomial.of_kid(real.features.shape[1]))
        estimate = mmd(arrays)
        numbers = [float("nan") if each is None else each for each in (estimate.value, estimate.se)]
        value, error = torch.tensor(numbers, dtype=torch.float64)
        return value, error

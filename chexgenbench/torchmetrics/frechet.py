"""Frechet distance as a `torchmetrics.Metric`: states that add up over batches and processes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from leaderboards.statistics.blas import one_thread
from leaderboards.statistics.frechet_distance import Gaussian, frechet_distance


class FrechetDistance(Metric):
    """Frechet distance between real and generated features, as `fid` computes it (plain value, unbiased covariances).

    Count, sum and sum of outer products of each side are kept in float64 and are summed over processes, so the value
    depends on neither batch size nor world size beyond rounding, and memory is O(d^2) however many images are seen. The
    trace is taken as in leaderboards.statistics.frechet_distance, exact below full rank as well; in full-rank cases it
    agrees with torchmetrics' FrechetInceptionDistance. 0 for equal moments, lower is better. A training loop's number
    has no interval; `chexgenbench score` gives one where it exists.

    Args:
        feature: module that maps a batch of images to float[n, d], run without gradients and always in evaluation mode;
            None if `update` is given features.
        num_features: d; needed unless `feature` has an attribute of that name.
        reset_real_features: False keeps the real side over `reset`, where the reference does not change.

    Raises:
        ValueError: d is neither given nor an attribute of `feature`; or see `update` and `compute`.

    Example:
        >>> metric = FrechetDistance(num_features=4)
        >>> real = torch.arange(40.0).reshape(10, 4) % 7
        >>> metric.update(real, real=True)
        >>> metric.update(real + 1, real=False)
        >>> round(metric.compute().item(), 6)
        4.0
    """

    higher_is_better = False
    is_differentiable = False
    full_state_update = False
    plot_lower_bound = 0.0

    real_count: Tensor
    real_sum: Tensor
    real_outer: Tensor
    generated_count: Tensor
    generated_sum: Tensor
    generated_outer: Tensor

    def __init__(
        self,
        feature: nn.Module | None = None,
        num_features: int | None = None,
        reset_real_features: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        known = num_features if num_features is not None else getattr(feature, "num_features", None)
        if known is None:
            raise ValueError("FrechetDistance needs num_features: the length of one image's feature vector")
        dimension = int(known)
        self.feature = feature.eval() if feature is not None else None
        self.reset_real_features = reset_real_features
        for side in ("real", "generated"):
            self.add_state(f"{side}_count", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")
            self.add_state(f"{side}_sum", torch.zeros(dimension, dtype=torch.float64), dist_reduce_fx="sum")
            self.add_state(
                f"{side}_outer", torch.zeros(dimension, dimension, dtype=torch.float64), dist_reduce_fx="sum"
            )

    @torch.no_grad()
    def update(self, batch: Tensor, real: bool) -> None:
        """Add a batch of images (features if the metric has no `feature` module) to one side.

        Raises:
            ValueError: the features are not finite float[n, d].
        """
        features = batch if self.feature is None else self.feature(batch)
        dimension = self.real_sum.shape[0]
        if features.ndim != 2 or features.shape[1] != dimension:
            raise ValueError(f"features must be [n, {dimension}], not {list(features.shape)}")
        features = features.to(self.real_sum)
        if not torch.isfinite(features).all():
            raise ValueError("features hold NaN or infinity; look at the images of this batch")
        outer = features.T @ features
        if real:
            self.real_count += len(features)
            self.real_sum += features.sum(dim=0)
            self.real_outer += outer
        else:
            self.generated_count += len(features)
            self.generated_sum += features.sum(dim=0)
            self.generated_outer += outer

    def compute(self) -> Tensor:
        """float64 scalar, the distance of everything seen by all processes.

        Raises:
            ValueError: fewer than two images on a side.
        """
        with one_thread():
            real = _gaussian(self.real_count, self.real_sum, self.real_outer)
            generated = _gaussian(self.generated_count, self.generated_sum, self.generated_outer)
            distance = frechet_distance(real, generated)
        return torch.tensor(distance, dtype=torch.float64, device=self.real_sum.device)

    def train(self, mode: bool = True) -> FrechetDistance:
        """Leave the feature network in evaluation mode when the surrounding model goes into training mode."""
        super().train(mode)
        if self.feature is not None:
            self.feature.eval()
        return self

    def reset(self) -> None:
        """Forget what was seen; the real side too unless `reset_real_features` is False."""
        kept = (self.real_count, self.real_sum, self.real_outer)
        super().reset()
        if not self.reset_real_features:
            self.real_count, self.real_sum, self.real_outer = kept


def _gaussian(count: Tensor, total: Tensor, outer: Tensor) -> Gaussian:
    return Gaussian.of_sums(int(count), total.double().cpu().numpy(), outer.double().cpu().numpy())

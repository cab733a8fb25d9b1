"""Feature likelihood divergence from per-image likelihoods."""

from __future__ import annotations

import numpy as np

from leaderboards.statistics.clustered_mean import clustered_mean
from leaderboards.statistics.estimate import Estimate
from leaderboards.statistics.registry import Arrays


def fld(arrays: Arrays, *, seed: int, dim: int, level: float = 0.95) -> Estimate:
    """100 (NLL of test images under the generated density - the same under a density of real images) / d.

    Jiralerspong et al. 2023. 0 means: as good a description of unseen real images as half of the real training images
    give. `extra["gap"]` = 100 (NLL of train - NLL of test) / d under the generated density: well below 0, the
    generator has learned the training images by heart.

    Args:
        arrays: log_likelihood, baseline: float64[n], log-densities (nats) of test images, or means of blocks of them;
            cluster: int64[n]; size: int64[n] (optional), images behind a block; train: float64[1], the mean log-density
            of the training images under the generated density.
        seed: of the bootstrap over test patients. dim: dimension of the features, by which likelihoods are divided.

    Returns:
        The estimate. Its interval is over test patients; generated and training images are held fixed.

    Raises:
        ValueError: arrays of different lengths.
    """
    generated, baseline = np.asarray(arrays["log_likelihood"]), np.asarray(arrays["baseline"])
    if len(generated) != len(baseline):
        raise ValueError(f"{len(generated)} likelihoods and {len(baseline)} baselines")
    scale = 100.0 / dim
    inner = {key: arrays[key] for key in ("cluster", "size") if key in arrays}
    estimate = clustered_mean(
        {**inner, "values": baseline - generated},
        seed=seed,
        scale=scale,
        level=level,
        conditional="generated and training images fixed",
    )
    if estimate.value is None:
        return estimate
    size = np.asarray(arrays["size"] if "size" in arrays else np.ones(len(generated)), np.float64)
    test = float((generated * size).sum() / size.sum())
    extra = {"gap": scale * (test - float(arrays["train"].reshape(-1)[0])), **estimate.extra}
    return Estimate(
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        se=estimate.se,
        level=level,
        method=estimate.method,
        interval_reason=estimate.interval_reason,
        extra=extra,
    )

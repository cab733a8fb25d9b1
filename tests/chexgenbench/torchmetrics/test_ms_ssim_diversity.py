"""The torchmetrics class against the metric."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_features import both, score

from chexgenbench.metrics.base import Draws
from chexgenbench.metrics.fidelity.ms_ssim_diversity import METRIC
from chexgenbench.torchmetrics.ms_ssim_diversity import MsSsimDiversity


def test_prompts_give_the_number_of_the_metric() -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 256, (6, 1, 64, 64))
    images = np.clip(base + rng.integers(-60, 61, (6, 3, 64, 64)), 0, 255).astype(np.uint8)
    names = np.array([f"p{i}" for i in range(6)])
    draws = Draws(names, names, lambda prompt, draw: images[prompt, draw], 3)
    nothing = np.zeros((6, 1))
    expected = score(METRIC, both(nothing, nothing, draws=draws)).value
    metric = MsSsimDiversity()
    for prompt in images:
        metric.update(torch.from_numpy(prompt))
    assert float(metric.compute()) == pytest.approx(expected, rel=1e-12)


def test_a_single_image_and_colour_are_refused() -> None:
    with pytest.raises(ValueError, match="2 or more"):
        MsSsimDiversity().update(torch.zeros(1, 64, 64, dtype=torch.uint8))
    with pytest.raises(ValueError, match="2 or more"):
        MsSsimDiversity().update(torch.zeros(2, 3, 64, 64, dtype=torch.uint8))

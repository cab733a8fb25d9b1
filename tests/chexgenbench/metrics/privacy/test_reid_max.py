from __future__ import annotations

import numpy as np
from made_features import score
from made_patients import DIM, Patients

from chexgenbench.asked import by_prompt
from chexgenbench.metrics.base import PairHead
from chexgenbench.metrics.privacy.reid_max import PUBLISHED

HEAD = PairHead(np.full(DIM, -0.02, np.float32), 2.0)


def test_grows_with_the_number_of_strangers() -> None:
    """Why the maximum is no verdict: more prompts, more chances."""
    few, many = (np.mean([score(PUBLISHED, Patients(seed=s).data(0.0, n=n, head=HEAD)).value for s in range(8)])  # type: ignore[arg-type]
                 for n in (10, 300))  # fmt: skip
    assert many > few


def test_is_the_largest_of_prompt_maxima() -> None:
    data = Patients(seed=2).data(0.3, head=HEAD)
    assert data.probes is not None
    gap = np.abs(data.probes.images.features - data.probes.real.features[data.probes.target]).astype(np.float64)
    scores = 1 / (1 + np.exp(-(gap @ HEAD.weight + HEAD.bias)))
    np.testing.assert_allclose(score(PUBLISHED, data).value, by_prompt(data.probes, scores, "max").max(), atol=1e-4)

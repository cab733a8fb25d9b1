from __future__ import annotations

import numpy as np
from made_features import score
from made_patients import DIM, Patients

from chexgenbench.asked import by_prompt
from chexgenbench.metrics.base import PairHead
from chexgenbench.metrics.privacy.reid_avg import PUBLISHED

HEAD = PairHead(np.full(DIM, -0.02, np.float32), 2.0)


def test_strangers_and_patients_differ_by_little_and_there_is_no_zero() -> None:
    """Why the average is no verdict: with nobody revealed it is far from 0."""
    strangers, own = (score(PUBLISHED, Patients(seed=1).data(share, head=HEAD)).value for share in (0.0, 1.0))
    assert strangers is not None and own is not None and own > strangers > 0.1


def test_is_the_mean_of_prompt_means() -> None:
    data = Patients(seed=2).data(0.3, head=HEAD)
    assert data.probes is not None
    gap = np.abs(data.probes.images.features - data.probes.real.features[data.probes.target]).astype(np.float64)
    scores = np.round(1 / (1 + np.exp(-(gap @ HEAD.weight + HEAD.bias))), 4)
    np.testing.assert_allclose(score(PUBLISHED, data).value, by_prompt(data.probes, scores, "mean").mean(), atol=1e-4)

from __future__ import annotations

from dataclasses import replace

import numpy as np
from made_features import score
from made_patients import DIM, Patients

from chexgenbench.asked import by_prompt
from chexgenbench.metrics.base import PairHead
from chexgenbench.metrics.privacy.reid_count import PUBLISHED

HEAD = PairHead(np.full(DIM, -0.02, np.float32), 2.0)


def test_counts_prompts_not_images() -> None:
    data = Patients(seed=2).data(0.3, head=HEAD)
    assert data.probes is not None
    gap = np.abs(data.probes.images.features - data.probes.real.features[data.probes.target]).astype(np.float64)
    best = by_prompt(data.probes, 1 / (1 + np.exp(-(gap @ HEAD.weight + HEAD.bias))), "max")
    delta = float(np.sort(best)[39:41].mean())
    assert score(PUBLISHED, replace(data, options={"delta": delta})).value == 20.0


def test_is_absent_without_delta_and_says_why() -> None:
    reason = PUBLISHED.measure(Patients(seed=2).data(0.3, head=HEAD)).reason
    assert reason is not None and "--delta" in reason

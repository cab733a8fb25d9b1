from __future__ import annotations

import numpy as np
import pytest
from made_cohort import metric_input
from made_features import score

from chexgenbench.metrics.utility.utility_ece import METRIC


def test_it_is_the_textbook_sum_over_bins() -> None:
    data = metric_input()
    measured = METRIC.measure(data)
    truth, values = measured.arrays["truth"], []
    for p in measured.arrays["tstr"].astype(np.float64):
        for k in range(3):
            bins = np.clip(np.floor(p[:, k] * 10), 0, 9)
            gaps = [
                (bins == b).mean() * abs(p[bins == b, k].mean() - truth[bins == b, k].mean())
                for b in range(10) if (bins == b).any()
            ]  # fmt: skip
            values.append(sum(gaps))
    assert score(METRIC, data).value == pytest.approx(np.mean(values), abs=1e-9)


def test_labels_twice_as_frequent_in_training_make_probabilities_too_large() -> None:
    """The synthetic set shows the same images, and half of its negatives are called positive."""
    from dataclasses import replace

    data = metric_input(train=400, test=400)
    assert data.synthetic is not None
    rng = np.random.default_rng(0)
    cases = tuple(
        replace(case, labels={name: int(value or rng.random() < 0.5) for name, value in case.labels.items()})
        for case in data.synthetic.images.cases
    )
    wrong = replace(data, synthetic=replace(data.synthetic, images=replace(data.synthetic.images, cases=cases)))
    found = score(METRIC, wrong)
    assert found.extra["tstr_minus_trtr_low"] > 0.1 and found.low > 0.1


def test_a_private_split_gets_no_interval() -> None:
    found = score(METRIC, metric_input(test=600, shared=False))
    assert found.value is not None and found.low is None and "single images" in str(found.interval_reason)

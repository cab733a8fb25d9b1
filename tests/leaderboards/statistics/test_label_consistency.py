"""Label consistency: the classification estimators under its name, F1 beside them."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.classification import leave_blocks_out
from leaderboards.statistics.registry import estimate
from tests.support.made_predictions import label_names, predictions


def test_open_and_block_form_agree() -> None:
    from sklearn.metrics import roc_auc_score

    data = predictions(patients=200, labels=2, seeds=1, arms={"generated": 0.8, "real": 0.9})
    asked = {"labels": label_names(2), "arms": "generated|real", "baseline": "real", "seed": 1, "replicates": 300}
    found = estimate("label_consistency", {**data, "f1_macro": np.array([0.4])}, asked)
    expected = np.mean([roc_auc_score(data["truth"][:, k], data["generated"][0, :, k]) for k in range(2)])
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.low < found.value < found.high
    assert found.extra["f1_macro"] == 0.4
    assert found.extra["generated_minus_real_high"] < 0
    first = roc_auc_score(data["truth"][:, 0], data["generated"][0, :, 0])
    assert found.extra[f"generated.{label_names(1)}"] == pytest.approx(first, abs=1e-9)
    block = data["cluster"] % 20
    stored, labels = leave_blocks_out(data, block, statistic="auroc", labels=label_names(2), arms="generated|real")  # type: ignore[misc]
    at_home = estimate("label_consistency", stored, {**asked, "labels": labels})
    assert at_home.value == pytest.approx(found.value, abs=1e-9)
    assert at_home.low == pytest.approx(found.low, abs=0.03)


def test_without_labels_it_is_undefined_and_has_no_f1() -> None:
    data = predictions(patients=3, labels=1, seeds=1, arms={"generated": 0.8})
    asked = {"labels": label_names(1), "arms": "generated", "seed": 1}
    found = estimate("label_consistency", {**data, "f1_macro": np.array([0.4])}, asked)
    assert found.value is None
    assert "f1_macro" not in found.extra

"""Image-text similarity: agreement with the clustered mean and scikit-learn's AUROC, and block means."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.clustered_mean import clustered_mean
from leaderboards.statistics.registry import estimate


def arrays(n: int = 60, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "values": rng.normal(0.4, 0.2, n),
        "mismatched": rng.normal(0.1, 0.2, n).round(1),
        "cluster": np.arange(n) // 2,
    }


def test_value_interval_and_extras() -> None:
    from sklearn.metrics import roc_auc_score

    data = arrays()
    found = estimate("image_text", data, {"seed": 3, "space": "joint"})
    plain = clustered_mean({name: data[name] for name in ("values", "cluster")}, seed=3)
    assert (found.value, found.low, found.high) == (plain.value, plain.low, plain.high)
    assert found.extra["mismatched"] == pytest.approx(data["mismatched"].mean())
    assert found.extra["gap"] == pytest.approx(data["values"].mean() - data["mismatched"].mean())
    truth = np.repeat([1, 0], 60)
    expected = roc_auc_score(truth, np.concatenate([data["values"], data["mismatched"]]))
    assert found.extra["auroc"] == pytest.approx(expected, abs=1e-12)


def test_block_means_give_the_same_means_and_no_auroc() -> None:
    data = arrays()
    block = np.arange(60) % 7
    size = np.bincount(block)
    blocks = {name: np.bincount(block, data[name]) / size for name in ("values", "mismatched")}
    found = estimate("image_text", {**blocks, "cluster": np.arange(7), "size": size}, {"seed": 3})
    whole = estimate("image_text", data, {"seed": 3})
    assert found.value == pytest.approx(whole.value)
    assert found.extra["mismatched"] == pytest.approx(whole.extra["mismatched"])
    assert "auroc" not in found.extra


def test_without_mismatched_prompts_and_with_wrong_lengths() -> None:
    data = arrays()
    short = data.pop("mismatched")[:-1]
    assert "gap" not in estimate("image_text", data, {"seed": 1}).extra
    with pytest.raises(ValueError, match="59 mismatched similarities beside 60"):
        estimate("image_text", {**data, "mismatched": short}, {"seed": 1})

import numpy as np
import pytest
import torch

from model_adapters.methods.merging.trimming import kept_count, magnitude_threshold, trimmed


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("keep", [1, 7, 500, 999, 1000])
def test_threshold_is_the_sorted_magnitude(seed: int, keep: int) -> None:
    rng = np.random.default_rng(seed)
    vector = (rng.standard_normal(1000) * 10.0 ** rng.integers(-8, 8, 1000)).astype(np.float32)
    parts = [torch.from_numpy(part.copy()) for part in np.split(vector, [10, 11, 640])]
    assert magnitude_threshold(lambda: parts, keep) == np.sort(np.abs(vector))[-keep]


def test_zeros_and_ties() -> None:
    vector = torch.tensor([0.0, -2.0, 2.0, 1.0])
    assert [magnitude_threshold(lambda: [vector], keep) for keep in (1, 2, 3, 4)] == [2.0, 2.0, 1.0, 0.0]
    assert trimmed(vector, 2.0).tolist() == [0.0, -2.0, 2.0, 0.0]


def test_count_is_rounded_down_and_never_zero() -> None:
    assert [kept_count(10, share) for share in (0.01, 0.2, 0.29, 0.3, 1.0)] == [1, 2, 2, 3, 10]

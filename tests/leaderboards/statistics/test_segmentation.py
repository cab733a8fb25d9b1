from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.registry import estimate

PARAMETERS = {"structures": "heart|lung", "arms": "tstr|twin|no_skill", "baseline": "twin", "seed": 1}


def arrays(units: int = 40, seed: int = 0, loss: float = 0.1) -> dict[str, np.ndarray]:
    """Two images a unit; the heart is shown by one of them."""
    rng = np.random.default_rng(seed)
    count = np.tile([1, 2], (units, 1))
    twin = rng.uniform(0.6, 0.9, (2, units, 2)) * count
    return {"count": count, "twin": twin, "tstr": twin - loss * count, "no_skill": 0 * twin}


def test_it_is_the_mean_over_images_then_structures_then_trainings() -> None:
    given = arrays()
    found = estimate("segmentation", given, PARAMETERS)
    by_hand = np.mean([given["tstr"][s, :, k].sum() / (40 * (k + 1)) for s in range(2) for k in range(2)])
    assert found.value == pytest.approx(by_hand, abs=1e-12)
    assert found.extra["tstr.heart"] == pytest.approx(given["tstr"][:, :, 0].mean(), abs=1e-12)
    assert found.extra["tstr_minus_twin"] == pytest.approx(-0.1, abs=1e-12)
    assert found.extra["tstr_minus_twin_high"] == pytest.approx(-0.1, abs=1e-9), "paired: the same loss everywhere"
    assert found.extra["no_skill"] == 0.0 and "no_skill_minus_twin" not in found.extra
    assert found.low < found.value < found.high  # type: ignore[operator]


def test_interval_covers_the_mean_of_new_patients() -> None:
    """Twin Dice of mean 0.75, the trainings alike: 100 draws at 95 %, at most 12 misses."""
    misses = 0
    for seed in range(100):
        given = arrays(30, seed, loss=0.0)
        given = {name: each[:1] if each.ndim == 3 else each for name, each in given.items()}
        found = estimate("segmentation", given, {**PARAMETERS, "replicates": 300})
        misses += not found.low <= 0.75 <= found.high  # type: ignore[operator]
    assert misses <= 12


def test_a_structure_that_few_images_show_is_left_out() -> None:
    given = arrays()
    given["count"][:, 0] = np.arange(40) < 9
    found = estimate("segmentation", given, PARAMETERS)
    assert found.extra["structures"] == 1.0 and "tstr.heart" not in found.extra
    assert found.value == pytest.approx(given["tstr"][:, :, 1].sum() / 160)
    given["count"][:, 1] = 0
    assert "no structure" in str(estimate("segmentation", given, PARAMETERS).reason)


def test_few_units_have_no_interval_and_shapes_must_fit() -> None:
    found = estimate("segmentation", arrays(5), {**PARAMETERS, "structures": "heart|lung"})
    assert found.value is None or found.low is None
    with pytest.raises(ValueError, match="structures"):
        estimate("segmentation", arrays(), {**PARAMETERS, "structures": "heart"})
    with pytest.raises(ValueError, match="arm tstr"):
        estimate("segmentation", {**arrays(), "tstr": np.zeros((2, 40))}, PARAMETERS)

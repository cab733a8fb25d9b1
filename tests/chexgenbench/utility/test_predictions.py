from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_cohort import cohort, side

from chexgenbench.utility.arms import TrainingSet
from chexgenbench.utility.predictions import Predictions, training_seed


class Counting:
    """A learner that predicts its seed and counts its trainings; the third one is killed where asked."""

    name, fingerprint, trainings, parallel = "counting", "f", 2, False

    def __init__(self, killed: bool = False) -> None:
        self.trained: list[tuple[int, int]] = []
        self.killed = killed

    def obstacle(self, part: TrainingSet) -> str | None:
        return None

    def content(self, part: TrainingSet) -> str:
        return str(len(part))

    def predict(self, learn: TrainingSet, test: TrainingSet, seed: int) -> np.ndarray:
        if self.killed and len(self.trained) == 2:
            raise KeyboardInterrupt
        self.trained.append((len(learn), seed))
        return np.full((len(test), 14), 0.1 * len(learn) + seed, np.float32)


def sets() -> list[TrainingSet]:
    return [TrainingSet.of(side(*cohort(n, "t", 0))) for n in (4, 6)]


def test_results_come_in_the_order_asked_for() -> None:
    found = Predictions(Counting()).of(sets(), sets()[0], [0, 1])
    assert [each.shape for each in found] == [(2, 4, 14)] * 2
    assert found[1][:, 0, 0] == pytest.approx([0.6, 1.6])


def test_after_a_kill_only_what_is_missing_is_trained(tmp_path: Path) -> None:
    killed = Counting(killed=True)
    with pytest.raises(KeyboardInterrupt):
        Predictions(killed, {}, tmp_path).of(sets(), sets()[0], [0, 1])
    again, seen = Counting(), []
    found = Predictions(again, {}, tmp_path).of(
        sets(), sets()[0], [0, 1], lambda done, total: seen.append((done, total))
    )
    assert killed.trained == [(4, 0), (4, 1)] and again.trained == [(6, 0), (6, 1)]
    assert seen == [(1, 2), (2, 2)]
    whole = Predictions(Counting()).of(sets(), sets()[0], [0, 1])
    assert all(np.array_equal(one, other) for one, other in zip(found, whole, strict=True))


def test_another_learner_or_test_set_is_another_prediction(tmp_path: Path) -> None:
    Predictions(Counting(), {}, tmp_path).of(sets(), sets()[0], [0])
    other = Counting()
    other.fingerprint = "g"
    Predictions(other, {}, tmp_path).of(sets(), sets()[0], [0])
    assert len(other.trained) == 2
    same = Counting()
    Predictions(same, {}, tmp_path).of(sets(), sets()[1], [0])
    assert len(same.trained) == 2


def test_seeds_are_fixed_and_different() -> None:
    assert training_seed(0) == training_seed(0) != training_seed(1)

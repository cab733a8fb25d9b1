from pathlib import Path

import numpy as np
import pytest
from merge_runs import Quadratic, merged, pool_of

from data_splits.errors import UserError

BASE = {"w": np.array([1.0, 1.0, 1.0])}
MODELS = [{"w": np.array([2.0, 3.0, 1.1])}, {"w": np.array([2.5, 1.0, 1.1])}, {"w": np.array([1.0, 1.1, 0.5])}]
# tau: (1, 2, .1), (1.5, 0, .1), (0, .1, -.5); sum (2.5, 2.1, -.3).
# Masks at 0.5, |tau| > 0.5 |sum - tau|:
#   1: 1 > .75 yes; 2 > .05 yes; .1 > .2 no.   2: 1.5 > .5 yes; 0 > 1.05 no; .1 > .2 no.
#   3: 0 > 1.25 no; .1 > 1 no; .5 > .1 yes.
# Users: 2, 1, 1.


@pytest.mark.parametrize(
    ("users", "expected"), [(1, [3.5, 3.1, 0.7]), (2, [3.5, 1.0, 1.0]), (3, [1.0, 1.0, 1.0]), (0, [3.5, 3.1, 0.7])]
)
def test_masks_by_hand(tmp_path: Path, users: int, expected: list[float]) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    found, said = merged(tmp_path / "run", pool, "consensus", mask_lambda=0.5, users=users, scaling=1.0)
    np.testing.assert_allclose(found["w"], expected, atol=1e-12)
    assert said.facts["mask_lambdas"] == [0.5, 0.5, 0.5]


def test_of_ties_takes_its_merged_vector(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, MODELS, BASE)
    found, _ = merged(tmp_path / "run", pool, "consensus", of="ties", users=0, density=1.0, scaling=0.7)
    ties, _ = merged(tmp_path / "ties", pool, "ties", density=1.0, scaling=0.7)
    np.testing.assert_allclose(found["w"], ties["w"], atol=1e-12)


class PerTask(Quadratic):
    """Every task wants the model of a target of its own."""

    tasks = ("one", "two")

    def losses(self, weights, task, rows):  # type: ignore[no-untyped-def]
        self.asked += 1
        return 0.5 * ((weights["w"] - self.target[task]) ** 2).sum().reshape(1)


def test_each_mask_is_chosen_for_its_task(tmp_path: Path) -> None:
    models = [{"w": np.array([1.0, 0.3])}, {"w": np.array([0.0, 1.0])}]
    base = {"w": np.zeros(2)}
    # Sum (1, 1.3). Model 1 uses its second weight where .3 > l * 1.0: for 0.2 only.
    # Task one wants (1, 0), so a larger lambda; task two wants (0, 1.3): any lambda does, the first is taken.
    objective = PerTask({"one": np.array([1.0, 0.0]), "two": np.array([0.0, 1.3])})
    _, said = merged(tmp_path / "run", pool_of(tmp_path, models, base), "consensus", objective, mask_lambda=0.0)
    assert said.facts["mask_lambdas"][0] > 0.2 and said.facts["mask_lambdas"][1] == 0.2
    assert said.facts["uses_labels"] is True
    assert objective.asked == 10
    with pytest.raises(UserError, match="one task a model"):
        merged(tmp_path / "x", pool_of(tmp_path, MODELS, BASE), "consensus", objective, mask_lambda=0.0)

"""What is tuned: the space of a base, what a search may set, which checkpoints are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from chexgenbench.tune.capacity_control import Job, drop_models, models_of
from chexgenbench.tune.objective import Objective
from chexgenbench.tune.search import Done, Point
from data_splits.errors import UserError

OBJECTIVE = Objective("phantom")


def job(**changes: object) -> Job:
    inputs = {"base": "embedded", "split": "phantom", "peft": "svdiff", **changes.pop("inputs", {})}  # type: ignore[dict-item]
    return Job(inputs, OBJECTIVE, "kid_lite0", "noise_norm", **changes)  # type: ignore[arg-type]


def test_the_space_has_a_bit_for_each_block_and_published_rates() -> None:
    space = job().space()
    assert len(space.blocks) == 4 and all("attentions" in name for name in space.blocks)
    assert (space.low, space.high, space.first) == (1e-5, 1e-3, 1e-4)
    full = job(inputs={"peft": "full"}).space()
    assert (full.low, full.high) == (5e-6, 1e-5) and full.first == 1e-5, "the family's own rate, where it fits"
    assert job(rates=(1e-3, 1e-1)).space().first == 1e-3


def test_what_cannot_be_searched_is_refused() -> None:
    with pytest.raises(UserError, match="learning_rate is what the search sets"):
        job(inputs={"learning_rate": "1e-4"})
    with pytest.raises(UserError, match="must be above 0"):
        job(rates=(1e-3, 1e-4))
    with pytest.raises(UserError, match="svdif"):
        job(inputs={"peft": "svdif"}).space()


def test_only_checkpoints_of_the_front_are_kept(tmp_path: Path) -> None:
    trials = [
        Done(0, Point("00", 1e-4), (0.5, 0.6), {}),
        Done(1, Point("11", 1e-4), (0.9, 0.7), {}),
        Done(2, Point("10", 1e-4), None, {"failed": "it diverged"}),
        Done(3, Point("00", 1e-3), (0.5, 0.6), {"same_as": 0}),
    ]
    for number in range(3):
        (tmp_path / f"trials/{number:04d}/training/work/model").mkdir(parents=True)
        (tmp_path / f"trials/{number:04d}/run").mkdir()
    assert models_of(trials) == {0}
    drop_models(tmp_path, models_of(trials))
    left = sorted(path.parents[2].name for path in tmp_path.rglob("model"))
    assert left == ["0000"] and len(list(tmp_path.rglob("run"))) == 3

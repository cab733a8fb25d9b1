import itertools
from pathlib import Path

import numpy as np
import pytest
from merge_runs import run_of
from signs import Signs, axes_pool, random_sample, stage_of

from data_splits.errors import UserError
from leaderboards.statistics.certificates.codes.iterates import iterates
from model_adapters.methods.certificates.iterates import Walk, walk
from model_adapters.methods.merging import table
from model_adapters.methods.merging.blocks import blocks_of


def way(folder: Path, grid: int = 0, start: str = "base") -> Walk:
    pool = axes_pool(folder)
    return Walk(pool, blocks_of(pool.merged, "task"), start, grid)


@pytest.mark.parametrize(("grid", "sizes"), [(0, 1), (2, 3)])
def test_what_two_steps_can_reach_is_what_is_paid_for(tmp_path: Path, grid: int, sizes: int) -> None:
    """All walks by hand: at most exp(ln M) models, and whatever the sample, its walk is one of them."""
    mine = way(tmp_path, grid)
    lines = [{"picks": [pick], "step": step} for pick in range(4) for step in range(sizes)]
    reached = {
        tuple(np.round(mine.replayed(list(trace)).tensors(mine.pool)["w"].numpy(), 9))
        for trace in itertools.product(lines, repeat=2)
    }
    assert len(reached) <= round(np.exp(iterates(2, 4, step_sizes=mine.step_sizes))) == (4 * sizes) ** 2
    for seed in range(20):
        sample = random_sample(15, noise=2.0, seed=seed)
        trace = walk(mine, sample.part(sample.all()), 2, stage_of(tmp_path / f"{grid}-{seed}"))
        assert tuple(np.round(mine.replayed(trace).tensors(mine.pool)["w"].numpy(), 9)) in reached


def test_it_is_frank_wolfe_as_merging_has_it(tmp_path: Path) -> None:
    sample, mine = random_sample(50), way(tmp_path)
    trace = walk(mine, sample.part(sample.all()), 5, stage_of(tmp_path / "c"))
    run = run_of(tmp_path / "fw", mine.pool, "fw-hard", sample.objective, iterations=5, granularity="task",
                 tolerance=-1.0)  # fmt: skip
    expected = table.merge(run, "fw-hard")
    np.testing.assert_allclose(mine.replayed(trace).tensors(mine.pool)["w"], expected.tensor("w"), atol=1e-12)
    assert [line["gap"] for line in trace] == pytest.approx([line["gap"] for line in expected.facts["trace"]])


def test_without_a_gradient_it_still_walks(tmp_path: Path) -> None:
    mine = way(tmp_path)
    sample = random_sample(8)
    nothing = type(sample)(Signs(np.zeros((8, 3)), np.ones(8)), sample.cases, "zero-one")
    trace = walk(mine, nothing.part(nothing.all()), 3, stage_of(tmp_path / "c"))
    assert [line["picks"] for line in trace] == [[0], [0], [0]]


def test_a_killed_walk_goes_on(tmp_path: Path) -> None:
    sample, mine = random_sample(50), way(tmp_path, 4, "average")
    part = sample.part(sample.all())
    whole = walk(mine, part, 4, stage_of(tmp_path / "whole"))
    walk(mine, part, 2, stage_of(tmp_path / "cut"))
    told: list[int] = []
    assert walk(mine, part, 4, stage_of(tmp_path / "cut", told=told)) == whole and told == [3, 4]


def test_starts_that_looked_at_data_are_refused(tmp_path: Path) -> None:
    for change, what in (({"start": "task-arithmetic"}, "start without data"), ({"grid": -1}, "number of steps")):
        with pytest.raises(UserError, match=what):
            way(tmp_path, **change)  # type: ignore[arg-type]

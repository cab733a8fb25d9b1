"""Certificates of merged digit networks: tight, rising in no n, and failing no more often than they say [V3]."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import certificates_coverage as study
from leaderboards.statistics.certificates.violations import violation_limit


def test_a_small_world_keeps_the_order_of_the_bounds(tmp_path: Path) -> None:
    world = study.make_world(tmp_path, 0, models=2)
    samples = study.drawn_samples(world, 40, 60)
    found = study.best_of_all(world, samples)
    hoeffding, chernoff, exact = (found[name][0] for name in ("Hoeffding-Occam", "kl-Occam", "exact Occam"))
    assert (hoeffding >= chernoff - 1e-12).all() and (chernoff >= exact - 1e-12).all()
    assert study.failures(found["exact Occam"]) <= violation_limit(60, study.DELTA)
    seen = study.counts(world.errors, samples)
    assert seen[3, 5] == world.errors[5][samples[3]].sum()
    walks = study.frank_wolfe(world, samples[:1], tmp_path)
    assert set(walks) == {"FW, T = 1", "FW, T = 3", "FW, T = 5", "FW, T = chosen"}
    assert (walks["FW, T = 1"][0] < world.majority_error).all()


def test_the_control_without_a_union_is_caught() -> None:
    limit = violation_limit(2000, study.DELTA)
    for candidates in (10, 481):
        assert study.adversarial(candidates, 2000, 0, union=True) <= limit
        assert study.adversarial(candidates, 2000, 0, union=False) > limit


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_acceptance(tmp_path: Path, seed: int) -> None:
    """Monotone in n, below the commonest class's error at n = 25, failures within the binomial limit."""
    world = study.make_world(tmp_path, seed)
    assert len(world.candidates) == 481
    rows = study.measured(world, tmp_path, 2000, 100, 20)
    for name in rows[25]:
        means = [rows[n][name][0].mean() for n in study.SIZES]
        print(name, np.round(means, 3))
        # Of 100 samples the mean of a bound is known to a hundredth or so.
        assert (np.diff(means) < 0.005).all() and means[0] < world.majority_error
    for n, row in rows.items():
        for name, found in row.items():
            if "control" not in name:
                assert study.failures(found) <= violation_limit(len(found[0]), study.DELTA), (n, name)
    hoeffding, chernoff, exact = (rows[100][each][0].mean() for each in ("Hoeffding-Occam", "kl-Occam", "exact Occam"))
    assert hoeffding > chernoff > exact
    # Certified Frank-Wolfe: dearer with every step, and the chosen number of steps pays for the choice alone.
    walks = [rows[100][f"FW, T = {steps}"][0].mean() for steps in (1, 3, 5)]
    assert walks == sorted(walks) and rows[100]["FW, T = chosen"][0].mean() < walks[1]
    free = sum(study.failures(rows[n]["no union (control)"]) > violation_limit(2000 if n <= 200 else 500, 0.05)
               for n in study.SIZES)  # fmt: skip
    print(f"without the union caught at {free} of {len(study.SIZES)} sizes")

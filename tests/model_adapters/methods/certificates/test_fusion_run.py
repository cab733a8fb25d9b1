from pathlib import Path

import numpy as np
import pytest
from signs import axes_pool, named, random_sample

from data_splits.errors import UserError
from leaderboards.statistics.certificates.claim import Source
from model_adapters.methods.certificates.coefficients import Coefficients
from model_adapters.methods.certificates.course import Course
from model_adapters.methods.certificates.fusion_run import FusionRun
from model_adapters.methods.certificates.plan import Plan


def test_half_is_learnt_written_down_and_tested_on_the_other(tmp_path: Path) -> None:
    sample = random_sample(30)
    run = FusionRun(
        "merge", Coefficients(axes_pool(tmp_path), "task"), sample, {}, 0.1, 2, 0, tmp_path,
        Course(tmp_path / "c", {}, lambda done, total: None), Source("pool", "experts", named(3, "train")),
        Plan(tmp_path / "plan.json", {}), dict,
    )  # fmt: skip
    first, second = sample.halves()
    alpha = np.array([1.0, 0.0, 0.0])
    found = run.tested(alpha, first, second)
    assert run.share == 0.05 and (found.delta, found.simultaneous, found.n) == (0.1, 2, 15)
    assert found.loss_sum == sample.errors(run.space.model(alpha), second).sum()
    with pytest.raises(UserError, match="before the other half was scored"):
        run.tested(np.array([0.0, 1.0, 0.0]), first, second)

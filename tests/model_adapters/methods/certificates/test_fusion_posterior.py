from pathlib import Path
from typing import Any

import numpy as np
import pytest
from signs import axes_pool, named, random_sample

from data_splits.errors import UserError
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.claim import Source
from leaderboards.statistics.certificates.families import FAMILIES
from model_adapters.methods.certificates.coefficients import Coefficients
from model_adapters.methods.certificates.course import Course
from model_adapters.methods.certificates.fusion_posterior import SETTINGS, learn, learning, steps
from model_adapters.methods.certificates.fusion_run import Fused, FusionRun
from model_adapters.methods.certificates.plan import Plan
from model_adapters.methods.certificates.sample import Sample

STANDARD = {name: each.default for name, each in SETTINGS.items()} | {"method": "task-arithmetic", "search": "auto"}


def fused(folder: Path, sample: Sample, **changes: Any) -> Fused:
    settings: dict[str, Any] = {**STANDARD, "draws": 60, "steps": 40, "rate": 0.05, "evaluations": 30, **changes}
    space = Coefficients(axes_pool(folder), "task")
    run = FusionRun(
        "merge", space, sample, settings, 0.05, 1, 0, folder,
        Course(folder / "c", steps(settings, 3), lambda done, total: None),
        Source("pool", "experts", named(3, "train")), Plan(folder / "plan.json", {}), dict,
    )  # fmt: skip
    return learn(run)


def test_a_prior_from_one_half_is_certified_on_the_other(tmp_path: Path) -> None:
    sample = random_sample(60)
    free, dependent = (
        fused(tmp_path / kind, sample, prior=kind).certificate for kind in ("data-free", "data-dependent")
    )
    assert (free.n, dependent.n) == (60, 30)
    half = sample.halves()[0]
    source = next(each for each in dependent.sources if each.role == "prior")
    assert source.digest == sample.named(half).digest and source.cases == 30
    assert next(each for each in free.sources if each.role == "prior").cases == 0
    prices = [each.complexity.nats for each in (free, dependent) if each.complexity]
    assert prices[1] < prices[0] / 3


@pytest.mark.parametrize("family", [name for name, each in FAMILIES.items() if each.price == "KL"])
def test_every_bound_of_posteriors_may_be_asked_for(tmp_path: Path, family: str) -> None:
    found = fused(tmp_path, random_sample(60), family=family, steps=2)
    assert found.certificate.family == family and isinstance(found.certificate, Certificate)


def test_the_mean_is_written_and_called_what_it_is(tmp_path: Path) -> None:
    found = fused(tmp_path, random_sample(60))
    mean = [found.coefficients["mean"]["model"][f"model-{index}"] for index in (1, 2, 3)]
    np.testing.assert_allclose(found.alpha, mean)
    assert "Gibbs" in found.facts["certified"] and mean[0] > 0.5


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"train": "both"}, "loss or bound"), ({"prior": "free"}, "data-free or data-dependent"),
        ({"search": "greedy"}, "gradient or gradient-free"), ({"draws": 0}, "above 0"), ({"p_min": 1.0}, "p_min"),
        ({"family": "exact-occam"}, "a bound with a KL"), ({"surrogate": "exact"}, "Did you mean"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(change: dict[str, Any], what: str) -> None:
    with pytest.raises(UserError, match=what):
        learning({**STANDARD, **change}, 0)


def test_draws_that_cost_all_of_delta(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="all of delta"):
        fused(tmp_path, random_sample(20), train="bound", draws_delta=0.05, steps=1)

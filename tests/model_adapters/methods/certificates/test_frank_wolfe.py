import json
import math
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from signs import axes_pool, named, random_sample

from data_splits.errors import UserError
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.verify import verify
from model_adapters.check_method import check_method
from model_adapters.methods.certificates.frank_wolfe import CertifiedFrankWolfe, step_counts
from model_adapters.methods.run import run_method


def test_keeps_the_contract_killed_by_sigkill() -> None:
    checks = check_method("model_adapters.methods.certificates.frank_wolfe:build")
    assert len(checks) == 8 and not [check for check in checks if not check.passed]


def inputs_of(folder: Path, **changes: Any) -> dict[str, Any]:
    axes_pool(folder / "pool")
    standard = {
        "base": str(folder / "pool" / "base.safetensors"), "cases": named(60),
        "models": [str(folder / "pool" / f"model-{index}.safetensors") for index in (1, 2, 3)],
        "objective": random_sample(60).objective, "trained_on": named(3, "elsewhere"),
    }  # fmt: skip
    return {**standard, **changes}


@pytest.mark.parametrize(("grid", "sizes"), [(0, 1), (4, 5)])
def test_the_price_is_that_of_the_walk_by_hand(tmp_path: Path, grid: int, sizes: int) -> None:
    artifact = run_method(CertifiedFrankWolfe(), inputs_of(tmp_path, grid=grid, iterations="1,2,4"), tmp_path / "o", 0)
    found, steps = Certificate.model_validate(artifact.record["certificate"]), artifact.record["facts"]["iterations"]
    nats = steps * (math.log(4) + math.log(sizes)) + math.log(3)
    assert found.complexity is not None and found.complexity.nats == pytest.approx(nats) and not verify(found)
    assert found.value == pytest.approx(float(exact_occam(found.loss_sum, 60, nats, 0.05)))
    assert found.predictor == "deterministic" and found.looked_at == 3


def test_the_chosen_length_has_the_least_certificate_and_the_weights_are_its_model(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, iterations="1,2,4")
    artifact = run_method(CertifiedFrankWolfe(), inputs, tmp_path / "all", 0)
    alone = [
        run_method(CertifiedFrankWolfe(), {**inputs, "iterations": str(steps)}, tmp_path / str(steps), 0).record
        for steps in (1, 2, 4)
    ]
    wrong = {steps: each["certificate"]["loss_sum"] for steps, each in zip((1, 2, 4), alone, strict=True)}
    bounds = {
        steps: float(exact_occam(wrong[steps], 60, steps * math.log(4) + math.log(3), 0.05)) for steps in (1, 2, 4)
    }
    assert artifact.record["certificate"]["value"] == pytest.approx(min(bounds.values()))
    assert artifact.record["facts"]["iterations"] == min(bounds, key=lambda each: bounds[each])
    sample = random_sample(60)
    errors = sample.errors(load_file(artifact.folder / "model.safetensors"), sample.all()).sum()
    assert artifact.record["certificate"]["loss_sum"] == errors
    path = json.loads((artifact.folder / "path.json").read_text())
    assert len(path["trace"]) == 4 and (artifact.folder / "ledger.json").is_file()


def test_numbers_of_steps_are_read_or_named() -> None:
    assert step_counts("5, 1,3") == (1, 3, 5)
    for text in ("", "0,1", "1.5", "2,2"):
        with pytest.raises(UserError, match="list different numbers of steps"):
            step_counts(text)

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from signs import axes_pool, named, random_sample
from typer.testing import CliRunner

from data_splits.errors import UserError
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.claim import Refused
from leaderboards.statistics.certificates.files import read_certificate
from leaderboards.statistics.certificates.verify import verify
from model_adapters.check_method import check_method
from model_adapters.cli import app
from model_adapters.methods.artifact import file_hashes
from model_adapters.methods.certificates.fusion import CertifiedFusion, made_up_sample, settings_of
from model_adapters.methods.run import read_inputs, run_method

QUICK = {"steps": 4, "save_every": 2, "evaluations": 4, "draws": 30, "perturbations": 2, "levels": "0.5,1"}

MODES: dict[str, dict[str, Any]] = {
    "task arithmetic": {},
    "its bound minimised": {"train": "bound"},
    "without gradients, data-dependent prior, scale chosen": {
        "train": "bound", "search": "gradient-free", "prior": "data-dependent", "prior_scale": 0.0,
    },
    "ties": {"method": "ties"},
    "ada-merging": {"method": "ada-merging", "prior": "data-dependent"},
    "lorahub": {"method": "lorahub"},
    "sparse codes": {"mode": "codes"},
    "dense codes of ties": {"mode": "codes", "code": "dense", "levels": "0,0.5,1", "search": "greedy",
                            "method": "ties"},
}  # fmt: skip


def test_keeps_the_contract_killed_by_sigkill() -> None:
    checks = check_method("model_adapters.methods.certificates.fusion:build")
    assert len(checks) == 8 and not [check for check in checks if not check.passed]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_certified_and_resumes_to_the_same_bytes(tmp_path: Path, mode: str) -> None:
    inputs = {**made_up_sample(tmp_path / "in"), **QUICK, **MODES[mode]}
    steps: list[int] = []
    whole = run_method(CertifiedFusion(), inputs, tmp_path / "whole", 3, lambda done, total: steps.append(done))
    for key, gibbs in (("certificate", MODES[mode].get("mode") != "codes"), ("test_set", False)):
        certificate = Certificate.model_validate(whole.record[key])
        assert not verify(certificate) and certificate.predictor == ("gibbs" if gibbs else "deterministic")
        assert certificate.delta == 0.05
    assert whole.record["control"] is (mode == "lorahub")
    assert read_certificate(whole.folder / "certificate.json").value == whole.record["certificate"]["value"]
    assert (whole.folder / "ledger.json").exists() is ("ties" not in mode)
    cut = steps[len(steps) // 2]

    def stop(done: int, total: int) -> None:
        if done == cut:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_method(CertifiedFusion(), inputs, tmp_path / "cut", 3, stop)
    further: list[int] = []
    resumed = run_method(CertifiedFusion(), inputs, tmp_path / "cut", 3, lambda done, total: further.append(done))
    assert further == [step for step in steps if step > cut]
    assert file_hashes(resumed.folder) == file_hashes(whole.folder) and resumed.record == whole.record


def test_the_weights_are_those_of_the_coefficients(tmp_path: Path) -> None:
    axes_pool(tmp_path / "pool")
    sample = random_sample(40)
    inputs: dict[str, Any] = {
        "base": str(tmp_path / "pool" / "base.safetensors"), "cases": named(40), "objective": sample.objective,
        "models": [str(tmp_path / "pool" / f"model-{index}.safetensors") for index in (1, 2, 3)],
        "trained_on": named(4, "elsewhere"), "mode": "codes",
    }  # fmt: skip
    artifact = run_method(CertifiedFusion(), inputs, tmp_path / "out", 0)
    chosen = json.loads((artifact.folder / "coefficients.json").read_text())["chosen"]["model"]
    found = load_file(artifact.folder / "model.safetensors")["w"]
    np.testing.assert_allclose(found, [chosen.get(f"model-{index}", 0.0) for index in (1, 2, 3)], rtol=1e-6)
    errors = sample.errors({"w": torch.as_tensor(found)}, sample.all()).sum()
    assert artifact.record["certificate"]["loss_sum"] == errors
    assert artifact.record["certificate"]["looked_at"] == 1 + 3 * 4 + 3 * 16
    assert {each["basis"] for each in artifact.record["certificate"]["rules"] if each["rule"] == "disjoint"} == {
        "checked"
    }
    with pytest.raises(Refused, match="share 1 case"):
        run_method(CertifiedFusion(), {**inputs, "trained_on": named(1)}, tmp_path / "void", 0)


def test_from_the_command_line_with_the_plan_before_the_sample(tmp_path: Path) -> None:
    made = made_up_sample(tmp_path / "in")
    lines = {**made, "mode": "codes", "levels": "0.5,1", "name": "mine"}
    config = tmp_path / "fuse.toml"
    config.write_text("\n".join(f"{key} = {json.dumps(value)}" for key, value in lines.items()))
    command = ["train", "certified-fusion", "--config", str(config), "--output", str(tmp_path / "out"), "--json"]
    run = CliRunner().invoke(app, command)
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    assert "error at most" in told["record"]["certificate_words"] and str(tmp_path) not in json.dumps(told["record"])
    plan = json.loads((tmp_path / "out" / "work" / "plan.json").read_text())
    assert plan["fingerprint"] == told["record"]["certificate"]["commitment"]
    Path(made["sample"]).unlink()
    run = CliRunner().invoke(app, [*command[:-2], str(tmp_path / "other")])
    assert isinstance(run.exception, UserError) and (tmp_path / "other" / "work" / "plan.json").is_file()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"method": "soup"}, "it is task-arithmetic"), ({"mode": "code"}, "posterior or codes"),
        ({"method": "lorahub", "mode": "codes"}, "its own loss"),
        ({"method": "lorahub", "train": "bound"}, "its own loss"),
    ],
)  # fmt: skip
def test_settings_that_exclude_each_other(tmp_path: Path, change: dict[str, Any], what: str) -> None:
    inputs = read_inputs({**made_up_sample(tmp_path), **change}, CertifiedFusion.inputs, "certified-fusion")
    with pytest.raises(UserError, match=what):
        settings_of(inputs)

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from data_splits.errors import UserError
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.verify import verify
from model_adapters.check_method import check_method
from model_adapters.cli import app
from model_adapters.methods.artifact import file_hashes
from model_adapters.methods.run import run_method
from model_adapters.methods.steel.made_up import made_up_steel
from model_adapters.methods.steel.method import Steel
from model_adapters.methods.steel.tasks import open_host

ARMS: dict[str, dict[str, Any]] = {
    "diffusion": {"sizes": "30,60", "search": "hierarchical", "clusters": 5},
    "gaussian": {"candidates": "gaussian"},
    "zoo": {"candidates": "zoo", "sizes": "12"},
    "sgd": {"candidates": "sgd", "sgd_steps": 4},
}


def test_keeps_the_contract_killed_by_sigkill() -> None:
    checks = check_method("model_adapters.methods.steel.method:build")
    assert len(checks) == 8 and not [check for check in checks if not check.passed]


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_resumes_to_the_same_bytes(tmp_path: Path, arm: str) -> None:
    inputs = {**made_up_steel(tmp_path / "in"), **ARMS[arm]}
    steps: list[int] = []
    whole = run_method(Steel(), inputs, tmp_path / "whole", 3, lambda done, total: steps.append(done))
    assert whole.record["control"] is (arm in ("gaussian", "zoo", "sgd")) and steps == sorted(set(steps))
    assert not verify(Certificate.model_validate(whole.record["test_set"]))
    if arm == "sgd":
        assert whole.record["certificate"] is None and whole.record["facts"]["continuous_bound"] > 0
    else:
        certificate = Certificate.model_validate(whole.record["certificate"])
        assert not verify(certificate) and certificate.predictor == "deterministic"
        plan = json.loads((tmp_path / "whole" / "work" / "plan.json").read_text())
        assert plan["fingerprint"] == certificate.commitment
        assert plan["plan"]["candidates"] == whole.record["zoo"]["candidates_sha256"]
    cut = steps[len(steps) // 2]

    def stop(done: int, total: int) -> None:
        if done == cut:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_method(Steel(), inputs, tmp_path / "cut", 3, stop)
    further: list[int] = []
    resumed = run_method(Steel(), inputs, tmp_path / "cut", 3, lambda done, total: further.append(done))
    assert further == [step for step in steps if step > cut]
    assert file_hashes(resumed.folder) == file_hashes(whole.folder) and resumed.record == whole.record


def test_the_adapter_written_is_the_one_certified(tmp_path: Path) -> None:
    made = made_up_steel(tmp_path / "in")
    artifact = run_method(Steel(), made, tmp_path / "out", 0)
    host = open_host("mlp", made["weights"], 2, ["*"], tmp_path / "one.safetensors")
    objective = host.objective([made["sample"]], "cross-entropy")
    scores = objective.scores(load_file(artifact.folder / "adapter_model.safetensors"), "task-12", torch.arange(24))
    assert artifact.record["certificate"]["loss_sum"] == 24 - scores.sum()


def test_a_zoo_may_be_given_as_files(tmp_path: Path) -> None:
    """Full models of the network's own names: rank = 0 puts no adapter in."""
    made = made_up_steel(tmp_path / "in")
    base, rng = load_file(made["weights"]), torch.Generator().manual_seed(0)
    for index in range(4):
        moved = {name: each + 0.1 * index * torch.randn(each.shape, generator=rng) for name, each in base.items()}
        save_file(moved, tmp_path / f"{index}.safetensors")
    given = {key: value for key, value in made.items() if key not in ("sources", "weights")}
    files = [str(tmp_path / f"{index}.safetensors") for index in range(4)]
    inputs = {**given, "zoo": files, "rank": 0, "candidates": "zoo", "sizes": "4"}
    artifact = run_method(Steel(), inputs, tmp_path / "out", 0)
    found = load_file(artifact.folder / "adapter_model.safetensors")
    assert artifact.record["zoo"]["adapters"] == 4 and artifact.record["zoo"]["length"] == 57
    assert any(all(torch.equal(found[name], load_file(file)[name]) for name in base) for file in files)


def test_the_draws_are_on_disk_before_the_sample_is_opened(tmp_path: Path) -> None:
    made = made_up_steel(tmp_path / "in")
    Path(made["sample"]).unlink()
    config = tmp_path / "steel.toml"
    config.write_text("\n".join(f"{key} = {json.dumps(value)}" for key, value in made.items()))
    run = CliRunner().invoke(app, ["train", "steel", "--config", str(config), "--output", str(tmp_path / "out")])
    assert isinstance(run.exception, UserError) and "task-12" in str(run.exception)
    work = tmp_path / "out" / "work"
    assert (work / "plan.json").is_file() and (work / "candidates.f32").is_file()


def test_candidates_that_change_between_two_calls_are_noticed(tmp_path: Path) -> None:
    made = made_up_steel(tmp_path / "in")

    def stop(done: int, total: int) -> None:
        if (tmp_path / "out" / "work" / "plan.json").is_file():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_method(Steel(), made, tmp_path / "out", 0, stop)
    file = tmp_path / "out" / "work" / "candidates.f32"
    data = bytearray(file.read_bytes())
    data[:4] = b"\0\0\0\0"
    file.write_bytes(bytes(data))
    with pytest.raises(UserError, match="something in it is different now"):
        run_method(Steel(), made, tmp_path / "out", 0)

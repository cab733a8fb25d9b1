import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from merge_runs import Quadratic, write
from safetensors.torch import load_file
from typer.testing import CliRunner

from data_splits.errors import UserError
from model_adapters.check_method import check_method
from model_adapters.cli import app
from model_adapters.methods.artifact import file_hashes
from model_adapters.methods.merging import method, table
from model_adapters.methods.merging.made_up import made_up_pool
from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext

SMALL: dict[str, dict[str, Any]] = {
    "ada-merging": {"steps": 4, "save_every": 2, "density": 0.5},
    "dare": {"then": "ties"},
    "consensus": {"of": "ties", "mask_lambda": 0.0},
    "lorahub": {"evaluations": 4},
    "fw-hard": {"iterations": 3, "step": "short-step", "direction": "pairwise"},
    "fw-soft": {"iterations": 2, "inner_steps": 3},
    "fw-hard-authors": {"iterations": 2},
    "fw-soft-authors": {"rounds": 2, "inner_steps": 3},
}


def inputs_of(folder: Path, name: str, **more: Any) -> dict[str, Any]:
    """The made-up pool (of two models, one a task) for any method."""
    made = made_up_pool(folder)
    del made["iterations"]
    return {**made, "method": name, "models": made["models"][:2], **SMALL.get(name, {}), **more}


def test_keeps_the_contract_killed_by_sigkill() -> None:
    checks = check_method("model_adapters.methods.merging.method:build")
    assert len(checks) == 8 and not [check for check in checks if not check.passed]


@pytest.mark.parametrize("name", [name for name in table.METHODS if name != "reproduce"])
def test_stopped_half_way_every_method_ends_in_the_same_artifact(tmp_path: Path, name: str) -> None:
    merging = method.build(BuildContext())
    inputs = inputs_of(tmp_path / "in", name)
    steps: list[int] = []
    whole = run_method(merging, inputs, tmp_path / "whole", 3, lambda done, total: steps.append(done))
    assert steps == sorted(set(steps)) and len(steps) > 3
    cut = steps[len(steps) // 2 - 1]

    def stop(done: int, total: int) -> None:
        if done == cut:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_method(merging, inputs, tmp_path / "cut", 3, stop)
    further: list[int] = []
    resumed = run_method(merging, inputs, tmp_path / "cut", 3, lambda done, total: further.append(done))
    assert further == [step for step in steps if step > cut]
    assert file_hashes(resumed.folder) == file_hashes(whole.folder)
    assert (resumed.record, resumed.card) == (whole.record, whole.card)


def test_from_the_command_line_to_a_reproduced_merge(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path / "in", "fw-hard", iterations=4)
    lists = {key: json.dumps(value) for key, value in inputs.items()}
    config = tmp_path / "merge.toml"
    config.write_text("\n".join(f"{key} = {value}" for key, value in lists.items()))
    run = CliRunner().invoke(
        app, ["train", "merging", "--config", str(config), "--output", str(tmp_path / "out"), "--json"]
    )
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    assert told["kind"] == "checkpoint" and told["name"] == "fw-hard-of-2" and told["record"]["uses_labels"] is True
    assert told["record"]["pool"][1]["label"] == "model-1" and str(tmp_path) not in json.dumps(told["record"])
    folder = Path(told["artifact"])
    again = run_method(
        method.build(BuildContext()),
        {
            "method": "reproduce",
            "base": inputs["base"],
            "models": inputs["models"],
            "ledger": str(folder / "ledger.json"),
        },
        tmp_path / "again",
    )
    assert (again.folder / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    assert json.loads((folder.parent / "measured.json").read_text())["tensor_reads"] > 0


def test_heads_counts_types_and_configuration_are_the_bases(tmp_path: Path) -> None:
    def model(value: float, head: int) -> dict[str, np.ndarray]:
        return {"w": np.full(3, value, np.float16), "head": np.full(head, value, np.float32), "n": np.array([7])}

    for index, (value, head) in enumerate([(1.0, 2), (2.0, 2), (4.0, 5)]):
        folder = tmp_path / f"m{index}"
        write(folder, "diffusion_pytorch_model", model(value, head))
        (folder / "config.json").write_text(json.dumps({"which": index}))
    inputs = {
        "method": "average", "base": str(tmp_path / "m0"), "models": f"{tmp_path / 'm1'}, {tmp_path / 'm2'}",
        "exclude": "head", "model_kind": "generator", "name": "mine", "labelled_at_most": 0,
    }  # fmt: skip
    artifact = run_method(method.build(BuildContext()), inputs, tmp_path / "out")
    found = load_file(artifact.folder / "diffusion_pytorch_model.safetensors")
    assert found["w"].dtype == torch.float16 and found["w"].tolist() == [3.0] * 3
    assert found["head"].tolist() == [1.0, 1.0] and found["n"].tolist() == [7]
    assert json.loads((artifact.folder / "config.json").read_text()) == {"which": 0}
    assert (artifact.card.name, artifact.card.kind, artifact.card.parameters) == ("mine", "generator", 6)
    wide = run_method(method.build(BuildContext()), {**inputs, "dtype": "float32"}, tmp_path / "wide")
    assert load_file(wide.folder / "diffusion_pytorch_model.safetensors")["w"].dtype == torch.float32


def test_adapters_are_an_adapter_over_zeros(tmp_path: Path) -> None:
    pair = {"x.lora_A.weight": np.ones((2, 3), np.float32), "x.lora_B.weight": np.zeros((3, 2), np.float32)}
    path = write(tmp_path / "a", "adapter_model", pair)
    inputs = {"method": "task-arithmetic", "base": "zeros", "models": [path, path], "scaling": 0.25}
    artifact = run_method(method.build(BuildContext()), inputs, tmp_path / "out")
    assert artifact.kind == "adapter"
    assert load_file(artifact.folder / "adapter_model.safetensors")["x.lora_A.weight"].tolist() == [[0.5] * 3] * 2


def test_an_objective_of_your_own_and_a_budget(tmp_path: Path) -> None:
    models = [write(tmp_path, f"m{k}", {"w": np.full(2, float(k), np.float32)}) for k in range(3)]
    given = {
        "method": "fw-hard", "base": models[0], "models": models[1:], "step": "line-search",
        "objective": Quadratic({"w": np.full(2, 1.5)}), "labelled_at_most": 5,
    }  # fmt: skip
    artifact = run_method(method.build(BuildContext()), given, tmp_path / "out")
    np.testing.assert_allclose(load_file(artifact.folder / "model.safetensors")["w"], [1.5, 1.5], atol=1e-3)
    assert artifact.record["budget"] == {"labelled_at_most": 1}
    with pytest.raises(UserError, match="its budget is 0"):
        run_method(method.build(BuildContext()), {**given, "labelled_at_most": 0}, tmp_path / "none")


def test_mistakes_are_told_in_a_line(tmp_path: Path) -> None:
    good = inputs_of(tmp_path / "in", "fw-hard")
    without = {key: value for key, value in good.items() if key != "tasks"}
    nan = write(tmp_path, "nan", {"w": np.full(3, np.nan, np.float32)})
    for index, (inputs, message) in enumerate(
        [
            ({**good, "method": "fw-hrd"}, "Did you mean fw-hard"),
            ({**good, "users": 2}, "fw-hard has no option 'users'"),
            (without, "network and tasks go together"),
            ({**good, "objective": "mine"}, "a Python object"),
            ({**good, "dtype": "int8"}, "keep, float64"),
            ({**good, "model_kind": "method"}, "predictor, generator, vlm or encoder"),
            ({**good, "models": 3}, "no list of texts"),
            ({"method": "average", "models": [nan]}, "not finite"),
            ({"method": "fw-hard", "base": good["base"], "models": good["models"]}, "learns from data"),
        ]
    ):
        with pytest.raises(UserError, match=message):
            run_method(method.build(BuildContext()), inputs, tmp_path / f"out-{index}")


def test_a_model_that_changed_meanwhile_is_not_gone_on_with(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path / "in", "average")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_method(method.build(BuildContext()), inputs, tmp_path / "out", 0, stop)
    Path(inputs["models"][0]).write_bytes(Path(inputs["base"]).read_bytes())
    with pytest.raises(UserError, match="changed since"):
        run_method(method.build(BuildContext()), inputs, tmp_path / "out", 0)

from pathlib import Path

import pytest

from data_splits.errors import UserError
from model_adapters.methods.run import read_inputs, run_method
from model_adapters.protocols import MethodInput
from model_adapters.scaffold.templates.method import MyAdapter

INPUTS = {
    "rank": MethodInput("rank of the adapters", default=4),
    "base": MethodInput("path of the base model", required=True),
    "rate": MethodInput("learning rate", default=0.1),
}


def test_defaults_are_filled_in_and_text_takes_their_type() -> None:
    assert read_inputs({"base": "b", "rank": "8"}, INPUTS, "m") == {"rank": 8, "base": "b", "rate": 0.1}


def test_a_budget_without_a_default_is_a_number_from_a_command_line_too() -> None:
    known = {"most": MethodInput("most examples", budget=True)}
    assert read_inputs({"most": "12"}, known, "m") == {"most": 12}
    assert read_inputs({"most": "2.5"}, known, "m") == {"most": 2.5} and read_inputs({}, known, "m") == {"most": None}
    with pytest.raises(UserError, match="must be a number"):
        read_inputs({"most": "few"}, known, "m")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"needs base \(path of the base model\)"),
        ({"base": "b", "rnak": 1}, "Did you mean rank"),
        ({"base": "b", "rank": "many"}, "whole number"),
    ],
)
def test_wrong_inputs_are_told(given: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_inputs(given, INPUTS, "m")


def test_a_folder_belongs_to_its_inputs_and_seed(tmp_path: Path) -> None:
    method = MyAdapter()
    inputs = method.made_up_inputs(tmp_path / "inputs")
    first = run_method(method, inputs, tmp_path / "out", 1)
    assert run_method(method, inputs, tmp_path / "out", 1) == first
    with pytest.raises(UserError, match="differing: seed"):
        run_method(method, inputs, tmp_path / "out", 2)
    with pytest.raises(UserError, match=r"differing: inputs\.at_most"):
        run_method(method, {**inputs, "at_most": 50}, tmp_path / "out", 1)


def test_a_mistake_told_before_any_work_leaves_the_folder_free(tmp_path: Path) -> None:
    method = MyAdapter()
    inputs = method.made_up_inputs(tmp_path / "inputs")
    with pytest.raises(UserError):
        run_method(method, {**inputs, "models": inputs["models"][:1]}, tmp_path / "out")
    run_method(method, inputs, tmp_path / "out")


def test_a_half_written_file_of_a_killed_call_never_enters_the_artifact(tmp_path: Path) -> None:
    method = MyAdapter()
    inputs = method.made_up_inputs(tmp_path / "inputs")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_method(method, inputs, tmp_path / "cut", saved=stop)
    whole = run_method(method, inputs, tmp_path / "whole")
    folder = tmp_path / "cut" / whole.folder.relative_to(tmp_path / "whole")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".model.safetensors.a0e87de0cfae.tmp").write_bytes(b"half")
    run_method(method, inputs, tmp_path / "cut")
    assert (tmp_path / "cut" / "artifact.json").read_bytes() == (tmp_path / "whole" / "artifact.json").read_bytes()

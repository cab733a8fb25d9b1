"""A strategy on disk serves later clients as the run that learnt it would have, and nothing that does not fit it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.methods.artifact import file_hashes
from model_adapters.methods.fedp2eft.method import FedP2eft
from model_adapters.methods.fedp2eft.strategy_file import read_strategy
from model_adapters.methods.run import run_method
from model_adapters.protocols import Artifact


def inputs_of(folder: Path) -> dict[str, Any]:
    return {**FedP2eft().made_up_inputs(folder), "rate": 1e-2, "generator_rate": 1e-2}


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Artifact]:
    folder = tmp_path_factory.mktemp("learnt")
    inputs = inputs_of(folder / "in")
    return inputs, run_method(FedP2eft(), inputs, folder / "out", 3)


def adapters(artifact: Artifact) -> dict[str, str]:
    return {name: digest for name, digest in file_hashes(artifact.folder).items() if name.startswith("adapters/")}


def later(inputs: dict[str, Any], artifact: Artifact, **changes: Any) -> dict[str, Any]:
    return {**inputs, "strategy": str(artifact.folder), **changes}


def test_any_client_gets_the_adapter_that_it_got_in_the_federation(
    learnt: tuple[dict[str, Any], Artifact], tmp_path: Path
) -> None:
    inputs, artifact = learnt
    everybody = [*inputs["clients"], *inputs["unseen"]]
    again = run_method(FedP2eft(), later(inputs, artifact, clients=None, unseen=everybody), tmp_path / "all", 3)
    assert adapters(again) == adapters(artifact) and len(adapters(again)) == 12
    assert again.record["settings"]["rounds"] == 0 and len(again.record["strategy"]) == 64
    scores = [{each["name"]: each["score"] for each in run.record["clients"]} for run in (artifact, again)]
    assert scores[0] == scores[1]
    assert not (again.folder / "strategy.safetensors").exists()


def test_one_strategy_serves_other_budgets(learnt: tuple[dict[str, Any], Artifact], tmp_path: Path) -> None:
    inputs, artifact = learnt
    found = {}
    for rank in (1, 2):
        run = run_method(FedP2eft(), later(inputs, artifact, clients=None, rank=rank), tmp_path / str(rank), 3)
        found[rank] = {client["name"]: client["ranks"] for client in run.record["clients"]}
    name = Path(inputs["unseen"][0]).stem
    assert found == {1: {name: 4}, 2: {name: 8}}


def test_on_the_base_that_the_federation_trained(tmp_path: Path) -> None:
    inputs = {**inputs_of(tmp_path / "in"), "base_rate": 1e-2}
    trained = run_method(
        FedP2eft(), {**inputs, "base_trainer": "fedavg", "base_rounds": 1}, tmp_path / "trained", 3
    )  # fmt: skip
    base = trained.folder / "base.safetensors"
    assert json.loads((trained.folder / "layers.json").read_text())["base"] == sha256_file(base)
    before, after = load_file(inputs["base"]), load_file(base)
    assert before.keys() == after.keys() and not torch.equal(before["inner.0.weight"], after["inner.0.weight"])
    again = run_method(FedP2eft(), later(inputs, trained, base=str(base)), tmp_path / "again", 3)
    assert adapters(again) == adapters(trained)
    with pytest.raises(UserError, match="another base"):
        run_method(FedP2eft(), later(inputs, trained), tmp_path / "other")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arm": "uniform-lora"}, "A strategy is for the arms"),
        ({"base_trainer": "fedavg"}, "base_trainer = none"),
        ({"arm": "fedl2p"}, "another arm"),
        ({"max_rank": 8}, "max_rank = 4 and alpha = 8"),
        ({"alpha": 64.0}, "max_rank = 4 and alpha = 8"),
        ({"exclude": ["heads.*", "inner.0"]}, "other layers"),
        ({"clients": None, "unseen": None}, "needs clients"),
        ({"strategy": "nowhere"}, "holds no strategy.safetensors"),
    ],
)
def test_what_does_not_fit_is_told_in_a_line(
    change: dict[str, Any], said: str, learnt: tuple[dict[str, Any], Artifact], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=said) as caught:
        run_method(FedP2eft(), {**later(*learnt), **change}, tmp_path / "out")
    assert len(str(caught.value).splitlines()) <= 2


def test_a_damaged_strategy_is_no_strategy(learnt: tuple[dict[str, Any], Artifact], tmp_path: Path) -> None:
    tensors = load_file(learnt[1].folder / "strategy.safetensors")
    told = json.loads((learnt[1].folder / "layers.json").read_text())
    cut = {name: each[:-1] if name == "statistics/mean" else each for name, each in tensors.items()}
    for number, (content, layers) in enumerate([(cut, told), (tensors, {"layers": []}), (tensors, [])]):
        folder = tmp_path / str(number)
        folder.mkdir()
        save_file(content, folder / "strategy.safetensors")
        (folder / "layers.json").write_text(json.dumps(layers))
        with pytest.raises(UserError, match="cannot be read"):
            read_strategy(folder)
    (tmp_path / "0" / "strategy.safetensors").write_bytes(b"no tensors")
    with pytest.raises(UserError, match="cannot be read"):
        read_strategy(tmp_path / "0")

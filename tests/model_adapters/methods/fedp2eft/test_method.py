"""The command's method: sound, resumable by every base trainer and arm, and short about what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from data_splits.errors import UserError
from model_adapters.check_method import check_method
from model_adapters.methods.artifact import file_hashes
from model_adapters.methods.fedp2eft.method import FedP2eft
from model_adapters.methods.run import run_method


class Stopped(Exception):
    """Ends a fit where a kill would."""


def test_check() -> None:
    assert [each for each in check_method("model_adapters.methods.fedp2eft.method:build") if not each.passed] == []


@pytest.mark.parametrize(("trainer", "arm"), [("fedavg", "rank-only"), ("feddpa-t", "fedp2eft"), ("none", "fedl2p")])
def test_stopped_anywhere_it_ends_the_same(trainer: str, arm: str, tmp_path: Path) -> None:
    method = FedP2eft()
    inputs = {**method.made_up_inputs(tmp_path / "in"), "base_trainer": trainer, "base_rounds": 2, "arm": arm}
    inputs |= {"base_rate": 1e-2, "rate": 1e-2}
    steps: list[int] = []
    whole = run_method(method, inputs, tmp_path / "whole", 3, lambda done, total: steps.append(done))
    assert steps == list(range(1, len(steps) + 1))
    for stop in (1, 3, steps[-2]):  # in the base's rounds, in the strategy's, among the clients

        def saved(done: int, total: int, stop: int = stop) -> None:
            if done == stop:
                raise Stopped

        with pytest.raises(Stopped):
            run_method(method, inputs, tmp_path / f"stop-{stop}", 3, saved)
        again = run_method(method, inputs, tmp_path / f"stop-{stop}", 3)
        assert file_hashes(again.folder) == file_hashes(whole.folder) and again.record == whole.record


def test_the_record_says_what_was_used(tmp_path: Path) -> None:
    method = FedP2eft()
    artifact = run_method(method, method.made_up_inputs(tmp_path / "in"), tmp_path / "out")
    record = artifact.record
    assert record["budget"] == {"rank": 1.0} and record["labelled"] == 4 * 16 and not record["control"]
    assert [score["task"] for score in record["scores"]] == ["seen clients", "unseen clients"]
    assert len(record["scores"][0]["values"]) == 3 and "uniform-lora" in record["controls"]
    layers = json.loads((artifact.folder / "layers.json").read_text())
    assert layers["layers"] == [f"inner.{index}" for index in range(4)]
    configs = sorted(path.parent.name for path in artifact.folder.rglob("adapter_config.json"))
    assert len(configs) == 4


def test_in_bfloat16_scores_are_nearly_those_of_float32(tmp_path: Path) -> None:
    method = FedP2eft()
    inputs = {**method.made_up_inputs(tmp_path / "in"), "loss": "cross-entropy", "rate": 1e-2}
    found = {}
    for precision in ("float32", "bfloat16"):
        artifact = run_method(method, {**inputs, "precision": precision}, tmp_path / precision)
        assert artifact.record["settings"]["precision"] == precision
        found[precision] = torch.tensor([client["score"] for client in artifact.record["clients"]])
        adapter = load_file(next(artifact.folder.rglob("adapter_model.safetensors")))
        assert {each.dtype for each in adapter.values()} == {torch.float32}
    assert torch.allclose(found["float32"], found["bfloat16"], atol=0.26)  # two of eight examples


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arm": "fedp2"}, "no arm"),
        ({"rank": 3}, "half of max_rank"),
        ({"base_trainer": "fed"}, "no base_trainer"),
        ({"base_trainer": "dept"}, "no.*embedding|has none"),
        ({"exclude": "*"}, "no linear layer"),
        ({"rounds": 0}, "rounds is 0"),
        ({"precision": "half"}, "no precision"),
        ({"precision": "bfloat16", "base_trainer": "fedavg"}, "frozen base"),
        ({"loss": "crossentropy"}, "Did you mean cross-entropy"),
        ({"base_trainer": "fedavg", "base_rounds": -3}, "base_rounds is -3"),
        ({"max_rank": 1}, "at least 2"),
        ({"loss": "tokens"}, "do not fit the network or the loss"),
        ({"loss": "mean-square"}, "do not fit the network or the loss"),
        ({"clients": ""}, "needs clients"),
    ],
)
def test_mistakes_are_told_in_a_line(change: dict[str, object], said: str, tmp_path: Path) -> None:
    method = FedP2eft()
    with pytest.raises(UserError, match=said) as caught:
        run_method(method, {**method.made_up_inputs(tmp_path / "in"), **change}, tmp_path / "out")
    assert len(str(caught.value).splitlines()) <= 2


def test_a_changed_client_is_noticed(tmp_path: Path) -> None:
    method = FedP2eft()
    inputs = method.made_up_inputs(tmp_path / "in")

    def saved(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        run_method(method, inputs, tmp_path / "out", 0, saved)
    first, second = inputs["clients"][:2]
    Path(first).write_bytes(Path(second).read_bytes())
    with pytest.raises(UserError, match="changed since"):
        run_method(method, inputs, tmp_path / "out", 0)

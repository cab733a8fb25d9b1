"""The method from the outside: its contract, its command, its budget, its refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from toy_split import toy
from typer.testing import CliRunner

from data_splits.errors import UserError
from data_splits.materialise import materialise
from data_splits.sources import load_split
from model_adapters.check_method import check_method
from model_adapters.cli import app
from model_adapters.methods.run import run_method
from model_adapters.methods.satm.made_up import made_up_inputs, made_up_split
from model_adapters.methods.satm.method import build
from model_adapters.protocols import BuildContext


def run(output: Path, inputs: dict[str, Any], seed: int = 0) -> Any:
    return run_method(build(BuildContext()), inputs, output, seed)


def test_keeps_the_contract_killed_by_sigkill() -> None:
    checks = check_method("model_adapters.methods.satm.method:build")
    assert len(checks) == 8 and not [check for check in checks if not check.passed]


def test_from_the_command_line_to_a_split(tmp_path: Path) -> None:
    inputs = made_up_inputs(tmp_path / "in")
    given = [text for key, value in inputs.items() for text in ("--input", f"{key}={value}")]
    command = ["train", "satm", *given, "--output", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    record = told["record"]
    assert told["kind"] == "split" and told["name"] == "satm-2-of-folder-made-up"
    assert record["budget"] == {"images_per_class": 2} and record["controls"][0] == "mtt" and not record["control"]
    assert record["cases"] == {"Pneumonia": 6, "No Finding": 6, "left out": 0} and record["labelled"] == 12
    assert record["trainable"] == 4 * 64 + 1 and record["reconstructed"] and record["data"][0]["licence"] == "CC0"
    assert str(tmp_path) not in json.dumps(record) and "made-0" not in json.dumps(record)
    split = load_split(f"folder:{told['artifact']}")
    assert len(split.cases("train")) == 4 and split.read_image(split.cases("train")[0]).shape == (8, 8)
    measured = json.loads((tmp_path / "out" / "work" / "measured.json").read_text())
    assert measured["seconds"] > 0 and measured["peak_memory_mb"] > 0


def test_whitened_learning_is_written_as_it_looks(tmp_path: Path) -> None:
    inputs = {**made_up_inputs(tmp_path / "in"), "whiten": "zca", "augment": "crop,color", "rate": 1e-9}
    artifact = run(tmp_path / "out", inputs)
    exact = load_file(artifact.folder / "condensed.safetensors")["images"]
    chosen = run(tmp_path / "chosen", {**inputs, "method": "random"})
    real = load_file(chosen.folder / "condensed.safetensors")["images"]
    # Nothing was learnt at such a rate: there and back, the images that it began with.
    np.testing.assert_allclose(exact, real, atol=1e-3)
    facts = json.loads((artifact.folder / "condensed.json").read_text())
    assert (facts["whiten"], facts["augment"], facts["share_cut"]) == ("zca", "crop,color", 0.0)
    further = run(tmp_path / "further", {**inputs, "rate": 30.0})
    facts = json.loads((further.folder / "condensed.json").read_text())
    assert facts["share_cut"] > 0.0 and further.record["settings"]["whiten"] == "zca"


@pytest.mark.parametrize("method", ["random", "herding"])
def test_chosen_images_are_the_real_ones(tmp_path: Path, method: str) -> None:
    inputs = {**made_up_inputs(tmp_path / "in"), "method": method, "split": made_up_split()}
    artifact = run(tmp_path / "out", inputs)
    record = artifact.record
    assert record["control"] and record["trainable"] == 0 and record["reconstructed"] == []
    assert not (tmp_path / "out" / "work" / "experts").exists()
    found = load_split(f"folder:{artifact.folder}")
    source = made_up_split()
    by_patient = {case.patient: case for case in source.cases("train")}
    for case in found.cases("train"):
        difference = found.read_image(case).astype(int) - source.read_image(by_patient[case.patient])
        assert np.abs(difference).max() <= 1


def test_a_credentialed_split_stays_one_and_out_of_the_record(tmp_path: Path) -> None:
    secret = replace(made_up_split(), credentialed=True)
    artifact = run(tmp_path / "out", {**made_up_inputs(tmp_path / "in"), "split": secret, "method": "random"})
    assert artifact.record["data"][0]["credentialed"] is True
    assert load_split(f"folder:{artifact.folder}").credentialed
    assert "made-0" not in json.dumps(artifact.record) and '"p1"' not in json.dumps(artifact.record)


def test_options_of_the_split(tmp_path: Path) -> None:
    inputs = {**made_up_inputs(tmp_path / "in"), "method": "random"}
    found = run(tmp_path / "out", {**inputs, "split_options": "name=mine; licence=CC-BY"})
    assert (found.record["data"][0]["name"], found.card.licence) == ("mine", "CC-BY")
    with pytest.raises(UserError, match="KEY=VALUE;KEY=VALUE"):
        run(tmp_path / "bad", {**inputs, "split_options": "name"})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"images_per_class": 7}, r"has 6; No Finding has 6 image\(s\), and 7 a class are needed"),
        ({"images_per_class": 0}, "at least 1"),
        ({"side": 100_000}, "at most 512"),
        ({"classes": "Edema"}, "Edema has 0"),
        ({"method": "sattm"}, "Did you mean satm"),
        ({"network": "convnet:2:2:2:2"}, "halves an image 4 times"),
        ({"split": toy(labels=False).split}, "has no labels"),
        ({"subset": "test"}, "no subset 'test'"),
    ],
)
def test_mistakes_are_told_in_a_line(tmp_path: Path, more: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as told:
        run(tmp_path / "out", {**made_up_inputs(tmp_path / "in"), **more})
    assert "\n" not in str(told.value)


def test_killed_amid_the_writing_nothing_of_it_stays(tmp_path: Path) -> None:
    inputs = made_up_inputs(tmp_path / "in")

    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_method(build(BuildContext()), inputs, tmp_path / "cut", 0, stop)
    images = tmp_path / "cut" / "work" / "split" / "images"
    images.mkdir(parents=True)
    (images / ".pneumonia-0001.png.a0e87de0cfae.tmp").write_bytes(b"half")
    (images.parent / ".pairs.csv.1d4b12553526.tmp").write_bytes(b"")
    run(tmp_path / "cut", inputs)
    run(tmp_path / "whole", inputs)
    assert (tmp_path / "cut" / "artifact.json").read_bytes() == (tmp_path / "whole" / "artifact.json").read_bytes()
    assert not list(images.parent.rglob("*.tmp"))


def test_a_split_that_changed_meanwhile_is_not_gone_on_with(tmp_path: Path) -> None:
    inputs = made_up_inputs(tmp_path / "in")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_method(build(BuildContext()), inputs, tmp_path / "out", 0, stop)
    materialise(made_up_split(images=14), tmp_path / "in" / "made-up")
    with pytest.raises(UserError, match="The split changed since"):
        run(tmp_path / "out", inputs)

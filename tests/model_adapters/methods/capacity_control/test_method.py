import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file
from typer.testing import CliRunner

from data_splits.errors import UserError
from data_splits.sources import load_split
from model_adapters.check_method import check_method
from model_adapters.cli import app
from model_adapters.generators import GENERATORS, embedded, parse_model
from model_adapters.methods.artifact import file_hashes
from model_adapters.methods.capacity_control import method
from model_adapters.methods.capacity_control.base import locate_base
from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext, GenerationRequest


def inputs_of(base: Path, **more: Any) -> dict[str, Any]:
    return {
        "base": str(base), "split": "phantom", "split_options": "seed=1,train=3,test=1,size=64", "peft": "lora",
        "steps": 4, "batch": 2, "learning_rate": 0.05, "save_every": 2, **more,
    }  # fmt: skip


def drawn(folder: Path, **more: Any) -> np.ndarray:
    name, target = parse_model(str(folder))
    generator = GENERATORS.build(name, BuildContext(target=target, **more))
    return generator.generate([GenerationRequest("a", "no finding", 3)])[0].astype(float)


def test_keeps_the_contract_killed_by_sigkill() -> None:
    checks = check_method("model_adapters.methods.capacity_control.method:build")
    assert len(checks) == 8 and not [check for check in checks if not check.passed]


def test_the_artifact_is_an_ordinary_generator_that_knows_what_it_was_trained_on(tiny_sd: Path, tmp_path: Path) -> None:
    artifact = run_method(method.build(BuildContext()), inputs_of(tiny_sd, patients=2), tmp_path / "run", 1)
    record, split = artifact.record, load_split("phantom", seed=1, train=3, test=1, size=64)
    assert not np.array_equal(drawn(artifact.folder), drawn(tiny_sd))
    name, target = parse_model(str(artifact.folder))
    known = GENERATORS.training_cases(name, BuildContext(target=target, split=split))
    assert name == "diffusers" and known and len(known) == record["images"] and record["patients"] == 2
    assert len({case.patient for case in split.cases("train") if case.id in known}) == 2
    stored = load_file(artifact.folder / "adapter.safetensors")
    assert record["trainable"] == sum(each.numel() for each in stored.values()) == 4096
    assert record["trainable_share"] == pytest.approx(4096 / record["parameters"]) and record["samples_seen"] == 8
    assert record["samples_dropped"] == 0 and record["steps"] == 4 and record["settings"]["learning_rate"] == 0.05
    assert "fine-tuned by capacity-control (lora) from local:tiny-sd on" in artifact.card.notes[0]
    assert artifact.card.kind == "generator" and artifact.card.training_data == ("phantom/train",)
    text = json.dumps(record) + (artifact.folder / "card.json").read_text()
    assert str(tmp_path) not in text and not any(case.prompt in text for case in split.cases("train") if case.prompt)


def test_the_embedded_base_becomes_an_embedded_generator(tmp_path: Path) -> None:
    given = inputs_of(Path("embedded"), peft="bias", steps=1, split_options="seed=1,train=1,test=1,size=128")
    artifact = run_method(method.build(BuildContext()), given | {"dtype": "float16"}, tmp_path / "run")
    name, target = parse_model(str(artifact.folder))
    card = GENERATORS.build(name, BuildContext(target=target)).card
    assert name == "embedded" and card.training_data == ("phantom/train",)
    weights = artifact.folder / "unet/diffusion_pytorch_model.safetensors"
    base = load_file(embedded.FOLDER / "unet/diffusion_pytorch_model.safetensors")
    moved = {name for name, each in load_file(weights).items() if not each.equal(base[name])}
    assert moved and all(name.endswith(".bias") for name in moved)
    assert weights.stat().st_size < 1.01 * (embedded.FOLDER / "unet/diffusion_pytorch_model.safetensors").stat().st_size
    assert locate_base(str(artifact.folder)).embedded  # and it can be fine-tuned again


@pytest.mark.parametrize("more", [{"peft": "freeze"}, {"peft": "svdiff", "mask": "0000"}, {"steps": 0}])
def test_what_trains_nothing_gives_the_base_back(more: dict[str, Any], tiny_sd: Path, tmp_path: Path) -> None:
    artifact = run_method(method.build(BuildContext()), inputs_of(tiny_sd, **more), tmp_path / "run")
    base = load_file(tiny_sd / "unet/diffusion_pytorch_model.safetensors")
    found = load_file(artifact.folder / "unet/diffusion_pytorch_model.safetensors")
    assert found.keys() == base.keys() and all(found[name].equal(each) for name, each in base.items())
    assert artifact.record["steps"] == 0 and artifact.record["loss"] is None


def test_an_average_and_its_absence_differ_and_arms_share_their_patients(tiny_sd: Path, tmp_path: Path) -> None:
    plain, averaged, seeded = (
        run_method(method.build(BuildContext()), inputs_of(tiny_sd, patients=1, **more), tmp_path / str(seed), seed)
        for seed, more in ((1, {}), (2, {"ema": 0.9, "insert_tokens": 2}), (3, {}))
    )
    unet = "unet/diffusion_pytorch_model.safetensors"
    assert len({file_hashes(each.folder)[unet] for each in (plain, averaged, seeded)}) == 3
    assert plain.record["cases_hash"] == averaged.record["cases_hash"] == seeded.record["cases_hash"]


def test_changed_data_are_noticed(tiny_sd: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    import shutil

    base = tmp_path / "base"
    shutil.copytree(tiny_sd, base)
    with pytest.raises(KeyboardInterrupt):
        run_method(method.build(BuildContext()), inputs_of(base), tmp_path / "run", 0, stop)
    file = base / "vae/diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\1")
    with pytest.raises(UserError, match="Base or split changed since"):
        run_method(method.build(BuildContext()), inputs_of(base), tmp_path / "run")


def test_the_command_takes_inputs_as_options(tiny_sd: Path, tmp_path: Path) -> None:
    options = [f"--{name.replace('_', '-')}={value}" for name, value in inputs_of(tiny_sd, steps=1).items()]
    output = str(tmp_path / "run")
    done = CliRunner().invoke(app, ["train", "capacity-control", *options, "--mask", "1100", "--json", "-o", output])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["kind"] == "checkpoint" and told["record"]["settings"]["mask"] == "1100"
    assert told["record"]["trainable"] == 2048


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--mask", "111"], "mask has 3 bits; this model has 4 blocks"),
        (["--peft", "lorra"], "Did you mean lora"),
        (["--peft=bias", "--subset", "nothing"], "has no subset 'nothing'"),
        (["--pfet", "bias"], "Did you mean peft"),
        (["stray"], "'stray' belongs to no option"),
    ],
)
def test_mistakes_are_told_in_a_line(more: list[str], words: str, tiny_sd: Path, tmp_path: Path) -> None:
    command = ["train", "capacity-control", "--base", str(tiny_sd), "--split", "phantom", "--peft", "lora", *more]
    if more == ["stray"]:
        command = ["train", "capacity-control", "stray"]
    done = CliRunner().invoke(app, [*command, "-o", str(tmp_path / "run")])
    assert isinstance(done.exception, UserError) and words in str(done.exception)
    assert "\n" not in str(done.exception)

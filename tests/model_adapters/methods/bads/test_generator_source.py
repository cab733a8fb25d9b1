import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data_splits.errors import UserError
from data_splits.sources import load_split
from model_adapters.generators import GENERATORS, parse_model
from model_adapters.methods.bads import base_losses
from model_adapters.methods.bads.method import build
from model_adapters.methods.run import run_method
from model_adapters.protocols import BuildContext, GenerationRequest


def images(folder: Path, prompts: bool = True) -> Path:
    """12 training images, 4 trusted, of other patients."""
    rng, rows = np.random.default_rng(0), []
    (folder / "images").mkdir(parents=True)
    for number in range(16):
        effusion = number % 2
        pixels = np.clip(rng.normal(70 + 90 * effusion, 20, (64, 64)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"i{number:02}.png")
        rows.append({"image": f"i{number:02}.png", "patient": f"p{number}", "split": "train" if number < 12 else "meta",
                     "prompt": ("no finding", "pleural effusion")[effusion] if prompts else ""})  # fmt: skip
    with (folder / "cases.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "cases.csv"


@pytest.fixture
def inputs(tmp_path: Path, tiny_sd: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("CHEXGENBENCH_CACHE", str(tmp_path / "cache"))
    split = f"folder:{images(tmp_path / 'data')}"
    return {"train": split, "meta": split, "meta_subset": "meta", "generator": str(tiny_sd), "peft": "bias", "draws": 2,
            "steps": 4, "batch": 4, "thin": 1, "rate": 0.01}  # fmt: skip


def run(inputs: dict[str, Any], folder: Path, seed: int = 0, saved: Any = lambda done, total: None) -> Any:
    return run_method(build(BuildContext()), inputs, folder, seed, saved)


def test_out_come_a_weighted_split_and_a_generator_that_draws(inputs: dict[str, Any], tmp_path: Path) -> None:
    artifact = run(inputs | {"meta_at_most": 3}, tmp_path / "out")
    weighted = load_split(f"folder:{artifact.folder}")
    cases = {case.id: case for case in weighted.cases("train")}
    assert len(cases) == 15 and cases["i01"].prompt == "pleural effusion"
    assert len({case.weight for case in cases.values() if case.id < "i12"}) > 5
    record = artifact.record
    assert record["budget"] == {"meta_at_most": 3} and record["facts"]["peft"] == "bias" and record["labelled"] == 15
    assert "pleural" not in json.dumps(dict(record)) and str(tmp_path) not in json.dumps(dict(record))
    name, target = parse_model(str(artifact.folder / "model"))
    context = BuildContext(target=target, split=load_split(inputs["train"]))
    [drawn] = GENERATORS.build(name, context).generate([GenerationRequest("a", "no finding", 3)])
    [plain] = GENERATORS.build("diffusers", BuildContext(target=inputs["generator"])).generate(
        [GenerationRequest("a", "no finding", 3)]
    )
    assert drawn.shape == plain.shape and not np.array_equal(drawn, plain)
    assert GENERATORS.training_cases(name, context) == {f"i{number:02}" for number in range(12)}


def test_a_killed_fit_goes_on_and_the_base_is_asked_once(
    inputs: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(inputs, tmp_path / "out", 0, stop)
    monkeypatch.setattr(base_losses, "_shard", lambda *_: pytest.fail("asked twice"))
    resumed = run(inputs, tmp_path / "out")
    whole = run(inputs, tmp_path / "whole")
    for name in ("weights.csv", "trace.csv", "cases.csv", "model/unet/diffusion_pytorch_model.safetensors"):
        assert (resumed.folder / name).read_bytes() == (whole.folder / name).read_bytes()


def test_the_base_can_be_asked_and_every_rule_runs(inputs: dict[str, Any], tmp_path: Path) -> None:
    asked = run(inputs | {"rule": "ask", "scorer": "base", "steps": 1}, tmp_path / "ask")
    with (asked.folder / "weights.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["set"] == "train"]
    scores = np.array([float(row["score"]) for row in rows])
    kept = np.array([row["weight"] == "1" for row in rows])
    assert kept.sum() == 6 and scores[kept].min() > scores[~kept].max()
    assert asked.record["settings"]["scorer"] == "base"
    for rule, more in (
        ("blo", {}), ("cds", {}), ("small-loss", {}), ("bads", {"weights": "network", "weight_sees": "example"}),
        ("bads", {"reference": "none"}),
    ):  # fmt: skip
        assert run(inputs | {"rule": rule, "steps": 2, **more}, tmp_path / f"{rule}{len(more)}{list(more)[:1]}").folder


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden": 4}, "hidden belongs to a classifier"),
        ({"weights": "network"}, "set weight_sees=example"),
        ({"reference": "zero"}, "it is empty or none"),
        ({"draws": 0}, "draws is 0"),
        ({"peft": "freeze"}, "peft is freeze"),
        ({"meta_at_most": 1}, "two trusted images at least"),
        ({"meta_subset": "train"}, "is both the training set and the meta set"),
        ({"generator": "nowhere/such"}, "is not on this machine"),
    ],
)
def test_what_cannot_be_learnt_is_refused_in_a_line(
    inputs: dict[str, Any], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as told:
        run(inputs | change, tmp_path / "out")
    assert len(str(told.value).splitlines()) == 1


def test_images_without_prompts_and_a_scorer_without_a_generator_are_refused(
    inputs: dict[str, Any], tmp_path: Path
) -> None:
    bare = f"folder:{images(tmp_path / 'bare', prompts=False)}"
    with pytest.raises(UserError, match="has no prompts"):
        run(inputs | {"train": bare}, tmp_path / "out")
    method = build(BuildContext())
    made = method.made_up_inputs(tmp_path / "tables")
    with pytest.raises(UserError, match="name one"):
        run_method(method, made | {"rule": "ask", "scorer": "base"}, tmp_path / "table-out")

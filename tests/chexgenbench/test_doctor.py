"""What is lacking is named once with how to get it, and what works is said to work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_runs import run

from chexgenbench.doctor import Diagnosis, Patient

SMALL = {"size": "96", "train": "8", "test": "8"}


def by_name(patient: Patient, protocol: str = "v2", preset: str = "quick") -> dict[str, Diagnosis]:
    found = [each for each in patient.diagnoses() if (each.protocol, each.preset) == (protocol, preset)]
    return {f"{each.metric}/{each.encoder}": each for each in found}


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """A folder split without training images, prompts or labels."""
    from PIL import Image

    rows = ["image,patient_id,split"]
    for index in range(4):
        Image.new("L", (8, 8), index).save(tmp_path / f"{index}.png")
        rows.append(f"{index}.png,p{index},test")
    (tmp_path / "cases.csv").write_text("\n".join(rows) + "\n")
    return f"folder:{tmp_path / 'cases.csv'}"


def test_everything_offline_works_on_the_phantom() -> None:
    found = by_name(Patient(split_options=SMALL))
    lacking = {name: [lack.what for lack in each.lacks] for name, each in found.items() if each.lacks}
    assert found["kid/lite0"].lacks == () and not lacking


def test_a_bare_split_and_a_black_box_are_told_apart(bare: str) -> None:
    found = by_name(Patient("constant", bare))
    assert found["kid/lite0"].lacks == ()
    assert [lack.what for lack in found["fld/lite0"].lacks] == ["training images"]
    assert all(lack.how for each in found.values() for lack in each.lacks)
    reasons = {lack.what for each in found.values() for lack in each.lacks}
    assert "training images" in reasons


def test_weights_and_data_that_are_not_here_are_named_with_their_source() -> None:
    found = by_name(Patient("sana", "mimic-cxr"), preset="full")
    where = {lack.where for lack in found["kid/rad-dino"].lacks}
    assert where == {"machine", "split", "model"}
    text = " ".join(f"{lack.what} {lack.how}" for lack in found["kid/rad-dino"].lacks)
    assert "microsoft/rad-dino" in text and "PhysioNet" in text and "raman07/CheXGenBench-Models-Sana-e20" in text


@pytest.mark.parametrize(
    ("model", "blind", "silent"),
    [
        ("phantom-painter", True, True),
        ("flux.1-dev", True, False),
        ("roentgen", False, False),
        ("embedded", False, False),
    ],
)
def test_what_a_model_cannot_tell_is_named(model: str, blind: bool, silent: bool) -> None:
    found = by_name(Patient(model, split_options=SMALL))
    noise, lengths = ({each.what for each in found[name].lacks} for name in ("noise_norm/", "prompt_cut/"))
    assert (f"a look inside {model}" in noise) is blind
    assert (f"how much of a prompt {model} reads" in lengths) is silent


def test_a_text_score_without_its_package_or_weights_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = by_name(Patient(split_options=SMALL), preset="full")
    (weights,) = (lack for lack in found["report_chexbert/rad-dino"].lacks if "chexbert" in lack.what)
    assert weights.where == "machine" and weights.how
    assert not any("sacrebleu" in lack.what for lack in found["report_bleu4/rad-dino"].lacks)
    monkeypatch.setattr("chexgenbench.text_scores.base.importlib.util.find_spec", lambda name: None)
    lacks = by_name(Patient(split_options=SMALL))["report_bleu4/lite0"].lacks
    assert ("sacrebleu", 'pip install "chexgenbench-suite[reports]"') in {(lack.what, lack.how) for lack in lacks}


def test_the_command_prints_each_lack_once_and_json_on_request(tmp_path: Path) -> None:
    done = run("doctor", "--model", "sana", cache=tmp_path)
    assert done.stdout.count("microsoft/rad-dino config.json") == 1
    assert "Protocol v2, preset quick: 0 of" in done.stdout
    options = [part for name, value in SMALL.items() for part in ("--split-option", f"{name}={value}")]
    answer = json.loads(run("doctor", *options, "--json", cache=tmp_path).stdout)
    assert answer["machine"]["cores"] >= 1 and answer["metrics"][0]["lacks"] == []
    assert "Did you mean sana" in run("doctor", "--model", "snaa", cache=tmp_path, expect=2).stderr

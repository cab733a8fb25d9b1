"""`chexgenbench curate` on made-up images and on a small real run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bright_images import bright_split

from chexgenbench import curate_command
from chexgenbench.curate_command import Request, candidates
from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from data_splits.sources import load_split
from model_adapters.inference.hashing import image_hash


@pytest.fixture(autouse=True)
def features(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session's feature cache."""
    monkeypatch.setenv("CHEXGENBENCH_CACHE", str(cache))


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Real images, and drawn ones of which the first 20 show the opposite of their prompt."""
    folder = tmp_path_factory.mktemp("splits")
    return (
        bright_split(folder / "real", 120, "r", 0),
        bright_split(folder / "drawn", 60, "g", 1, wrong=range(20), labels=False),
    )


def test_a_set_is_curated_loaded_and_scored(
    splits: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from datasets import load_dataset

    real, drawn = splits
    output = tmp_path / "set"
    request = Request(drawn, output, real=real, keep=("high", "medium"))
    curate_command.run(request, json=True)
    told = json.loads(capsys.readouterr().out)
    ids = {row["id"] for row in map(json.loads, (output / "train" / "metadata.jsonl").read_text().splitlines())}
    assert not ids & {f"g{row}" for row in range(20)}, "whatever contradicts its prompt is left out"
    assert len(ids) >= 30 and told["kept"] == len(ids) and sum(told["graded"].values()) == 60
    # datasets: images with their prompts
    data = load_dataset(
        "imagefolder", data_dir=str(output), split="train", cache_dir=str(tmp_path / "hf"), drop_labels=True
    )
    assert set(data["id"]) == ids
    row = data[0]
    source = load_split(drawn)
    case = next(case for case in source.cases("train") if case.id == row["case_id"])
    assert row["prompt"] == case.prompt and image_hash(np.asarray(row["image"])) == row["pixels_sha256"]
    assert (np.asarray(row["image"]) == source.read_image(case)).all()
    # the folder split: same ids, checked hashes; the labels are those of the prompt's case
    split = load_split(f"folder:{output}")
    assert {each.id for each in split.cases("train")} == ids
    # provenance
    facts = json.loads((output / "curation.json").read_text())
    assert facts["grader"]["name"] == "labels" and facts["images"]["kept"] == len(ids)
    assert all(sha256_file(output / name) == value for name, value in facts["files"].items())
    card = (output / "README.md").read_text()
    assert card.startswith("---\npretty_name:") and "Do not upload" not in card and f"| kept | {len(ids)} |" in card
    assert len((output / "grades.jsonl").read_text().splitlines()) == 60
    # again: the same bytes
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    curate_command.run(request, json=False)
    assert before == {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    assert f"{len(ids)} of 60 images kept" in capsys.readouterr().out
    # fewer grades take images away again
    curate_command.run(replace(request, keep=("high",)), json=False)
    assert {path.stem for path in (output / "train").glob("*.png")} < ids
    with pytest.raises(UserError, match="holds another curation"):
        curate_command.run(Request(real, output, real=real), json=False)


def test_a_run_is_curated_with_its_provenance(
    small_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """real-holdout draws real images of other training patients with the same labels, so most are kept."""
    output = tmp_path / "set"
    curate_command.run(Request(str(small_run), output), json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["kept"] > 0.5 * sum(told["graded"].values())
    rows = [json.loads(line) for line in (output / "train" / "metadata.jsonl").read_text().splitlines()]
    assert {row["model"] for row in rows} == {"real-holdout"} and all(row["seed"].isdigit() for row in rows)
    assert all(row["Edema"] in (0, 1) and row["grade"] in ("high", "medium") for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)
    facts = json.loads((output / "curation.json").read_text())
    assert facts["model"]["name"] == "real-holdout" and facts["split"]["name"] == "phantom"
    split = load_split(f"folder:{output}")
    assert split.cases("train")[0].prompt and len(split.cases("train")) == told["kept"]
    evaluated = {case.patient for case in load_split("phantom", size="96", train="60", test="30").cases("test")}
    assert evaluated.isdisjoint(case.patient for case in split.cases("train"))


def test_credentialed_prompts_stay_unless_asked_and_the_folder_says_so(
    splits: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real, drawn = splits
    request = Request(drawn, tmp_path / "set", real=real, split_options={"credentialed": "true"})
    with pytest.raises(UserError, match="include-credentialed"):
        curate_command.run(request, json=False)
    assert not (tmp_path / "set").exists()
    curate_command.run(replace(request, include_credentialed=True), json=False)
    assert "Do not upload" in (tmp_path / "set" / "README.md").read_text()
    assert "keep it on this machine" in capsys.readouterr().err
    text = (tmp_path / "set" / "grades.jsonl").read_text() + (tmp_path / "set" / "curation.json").read_text()
    assert "pulmonary edema" not in text
    patients = {json.loads(row)["patient"] for row in (tmp_path / "set" / "train" / "metadata.jsonl").open()}
    assert all(len(each) == 16 for each in patients)


def test_what_is_missing_is_said(splits: tuple[str, str], tmp_path: Path, small_run: Path) -> None:
    real, drawn = splits
    with pytest.raises(UserError, match="--real SPLIT"):
        curate_command.run(Request(drawn, tmp_path / "a"), json=False)
    with pytest.raises(UserError, match="--keep takes grades"):
        candidates(Request(drawn, tmp_path / "a", keep=("best",)))
    with pytest.raises(UserError, match="--part is one of"):
        candidates(Request(str(small_run), tmp_path / "a", part="validation"))
    with pytest.raises(UserError, match="hf download"):
        curate_command.run(Request(drawn, tmp_path / "a", grader="llava"), json=False)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(UserError, match="holds no curation"):
        curate_command.run(Request(drawn, tmp_path / "full", real=real), json=False)

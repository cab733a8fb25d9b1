import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data_splits.case import CHEXPERT_LABELS, Case
from data_splits.errors import UserError
from data_splits.sources import load_split
from model_adapters.methods.bads import split_source
from model_adapters.methods.bads.method import build
from model_adapters.methods.bads.split_source import chosen_labels, options_of, scaled
from model_adapters.methods.run import run_method
from model_adapters.predictors.folder import load_predictor
from model_adapters.protocols import BuildContext


class Bright:
    """An encoder of 4 numbers: the mean of each quarter. Called lite0 where the probe is written."""

    def __init__(self, name: str = "grey") -> None:
        self.name, self.dim, self.compute_batch = name, 4, 8
        self.fingerprint = "ab" * 32

    def preprocess(self, image: np.ndarray) -> np.ndarray:
        return np.repeat(image[None].astype(np.float32), 3, axis=0)

    def encode(self, batch: np.ndarray) -> np.ndarray:
        parts = [batch[:, 0, rows, columns] for rows in (slice(4), slice(4, 8)) for columns in (slice(4), slice(4, 8))]
        return np.stack([part.mean(axis=(1, 2)) for part in parts], 1).astype(np.float32)


def images(folder: Path, **change: Any) -> Path:
    """30 training images (a third with the wrong label), 8 meta, 12 test; bright images show edema."""
    rng, rows = np.random.default_rng(0), []
    for number in range(50):
        subset = "train" if number < 30 else "meta" if number < 38 else "test"
        edema = number % 2
        pixels = np.clip(rng.normal(80 + 80 * edema, 20, (8, 8)), 0, 255).astype(np.uint8)
        (folder / "images").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / "images" / f"i{number:02}.png")
        told = 1 - edema if number < 10 else edema
        rows.append({"image": f"i{number:02}.png", "patient": f"p{number}", "split": subset, "Edema": told,
                     "Fracture": "", "prompt": f"case {number}"} | change)  # fmt: skip
    with (folder / "cases.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "cases.csv"


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("CHEXGENBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(split_source, "_encoder", lambda name, context: Bright(name))
    split = f"folder:{images(tmp_path / 'data')}"
    return {"train": split, "meta": split, "meta_subset": "meta", "encoder": "grey", "steps": 200, "thin": 4,
            "decay": 0.0}  # fmt: skip


def run(inputs: dict[str, Any], folder: Path, seed: int = 0) -> Any:
    return run_method(build(BuildContext()), inputs, folder, seed)


def test_a_weighted_split_that_a_classifier_can_be_trained_on(inputs: dict[str, Any], tmp_path: Path) -> None:
    artifact = run(inputs | {"meta_at_most": 6}, tmp_path / "out")
    weighted = load_split(f"folder:{artifact.folder}")
    cases = {case.id: case for case in weighted.cases("train")}
    assert len(cases) == 36 and weighted.subsets.keys() == {"train"}
    wrong = np.array([cases[f"i{number:02}"].weight for number in range(10)])
    right = np.array([cases[f"i{number:02}"].weight for number in range(10, 30)])
    assert wrong.max() < right.min() and wrong.mean() < 0.2
    assert cases["i00"].labels == {"Edema": 1} and cases["i00"].prompt == "case 0"
    assert (weighted.read_image(cases["i07"]) == np.asarray(Image.open(tmp_path / "data/images/i07.png"))).all()
    record = artifact.record
    assert record["budget"] == {"meta_at_most": 6} and record["facts"]["labels"] == ["Edema"]
    assert record["facts"]["train"]["positives"] == {"Edema": 15} and record["data"][0]["subset"] == "train"
    assert "case 0" not in json.dumps(dict(record)) and "i00" not in json.dumps(dict(record))
    assert (artifact.folder / "ATTRIBUTION.md").is_file()


def test_a_linear_network_on_lite0_is_a_predictor_of_the_suite(
    inputs: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = run(inputs | {"encoder": "lite0"}, tmp_path / "out")
    from model_adapters.predictors import lite0_probe

    monkeypatch.setattr(lite0_probe.lite0, "build", lambda context: Bright("lite0"))
    predictor = load_predictor(artifact.folder / "model")
    split = load_split(inputs["train"])
    tested = split.cases("test")
    said = predictor.predict([split.read_image(case) for case in tested])
    edema = said[:, CHEXPERT_LABELS.index("Edema")]
    truth = np.array([case.labels["Edema"] == 1 for case in tested])
    assert edema[truth].min() > 0.5 > edema[~truth].max()
    assert said[:, CHEXPERT_LABELS.index("Fracture")] == pytest.approx(0.5)


def test_rendered_images_are_written_and_ids_that_two_splits_share_are_told_apart(
    inputs: dict[str, Any], tmp_path: Path
) -> None:
    artifact = run(
        inputs | {"train": "phantom", "meta": "phantom", "meta_subset": "test", "labels": "Pleural Effusion",
                  "train_options": "size=32; train=12; test=12", "meta_options": "size=32; train=3; test=12"},
        tmp_path / "out",
    )  # fmt: skip
    weighted = load_split(f"folder:{artifact.folder}")
    images_there = {path.stem for path in (artifact.folder / "images").iterdir()}
    assert {case.id for case in weighted.cases("train")} == images_there


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"meta_subset": "train"}, "is both the training set and the meta set"),
        ({"meta_subset": "held"}, "has no subset 'held'"),
        ({"labels": "Oedema"}, "'Oedema' is no CheXpert label"),
        ({"labels": "Fracture"}, "does not have Fracture both ways"),
        ({"meta_at_most": 1}, "meta_at_most = 1 cannot be met: one trusted example of every kind of Edema takes 2"),
        ({"train_options": "size"}, "KEY=VALUE"),
        ({"train_options": "credentialed=true"}, "is credentialed: .*include_credentialed=true"),
    ],
)
def test_what_cannot_be_learnt_is_refused_in_a_line(
    inputs: dict[str, Any], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as told:
        run(inputs | change, tmp_path / "out")
    assert len(str(told.value).splitlines()) == 1


def test_no_labels_and_shared_patients_are_refused(inputs: dict[str, Any], tmp_path: Path) -> None:
    bare = images(tmp_path / "bare", Edema="")
    with pytest.raises(UserError, match="train has no labels"):
        run(inputs | {"train": f"folder:{bare}"}, tmp_path / "out")
    other = images(tmp_path / "other", study="1")
    with pytest.raises(UserError, match=r"8 patient\(s\) stand in both .*such as p30, p31, p32"):
        run(inputs | {"train": f"folder:{other}", "train_subset": "meta"}, tmp_path / "out")


def test_an_image_that_cannot_be_read_stops_the_run(inputs: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "data/images/i03.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"1 image\(s\) of .* cannot be read, such as i03"):
        run(inputs, tmp_path / "out")


def test_scaling_is_that_of_the_training_set_and_of_one_length() -> None:
    rng = np.random.default_rng(0)
    train, meta = rng.normal(5.0, 3.0, (200, 7)).astype(np.float32), rng.normal(size=(4, 7)).astype(np.float32)
    train[:, 2] = 1.0
    (x, y), (mean, scale) = scaled(train, meta)
    assert np.allclose(x.mean(axis=0), 0.0, atol=1e-5) and np.isfinite(y).all()
    assert (x**2).sum(axis=1).mean() == pytest.approx(64.0 * 6 / 7, rel=1e-3)
    assert np.allclose(y, (meta - mean) / scale, rtol=1e-4)


def test_labels_are_those_that_both_sets_know_both_ways() -> None:
    def cases(**labels: tuple[int, ...]) -> list[Case]:
        columns = [dict(zip(labels, values, strict=True)) for values in zip(*labels.values(), strict=True)]
        return [Case(f"c{row}", f"p{row}", labels=each) for row, each in enumerate(columns)]

    train, meta = cases(Edema=(1, 0), Pneumonia=(1, 0)), cases(Edema=(0, 1), Pneumonia=(1, -1))
    assert chosen_labels(train, meta, "") == ("Edema",)
    assert chosen_labels(train, meta, "Edema, Edema") == ("Edema",)
    with pytest.raises(UserError, match="meta set does not have Pneumonia both ways"):
        chosen_labels(train, meta, "Edema,Pneumonia")
    with pytest.raises(UserError, match="No label stands both ways"):
        chosen_labels(cases(Pneumonia=(1, 0)), meta, "")
    assert options_of("a=1; b = x=y;") == {"a": "1", "b": " x=y"}

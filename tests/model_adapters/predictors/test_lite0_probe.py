from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_splits.case import CHEXPERT_LABELS
from data_splits.errors import UserError
from data_splits.sources import load_split
from model_adapters.check_predictor import check_predictor
from model_adapters.predictors import PREDICTORS
from model_adapters.predictors.folder import WEIGHTS_FILE, load_predictor
from model_adapters.protocols import BuildContext, Predictor


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("features")


def build(cache: Path, target: str | None = None) -> Predictor:
    return PREDICTORS.build("lite0-probe", BuildContext(target=target, options={"cache": str(cache)}))


def images(n: int = 12) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (32, 32), dtype=np.uint8) for _ in range(n)]


def test_it_keeps_the_contract(cache: Path) -> None:
    assert isinstance(build(cache), Predictor)
    results = check_predictor(lambda folder: build(cache, folder), images(24))
    assert len(results) == 9 and not [each for each in results if each.passed is not True]


def test_features_are_computed_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(cache).features(images())
    again = build(cache)
    monkeypatch.setattr(again._encoder, "encode", lambda batch: pytest.fail("encoded twice"))
    assert np.array_equal(again.features(images()), first)


def test_a_trained_folder_is_found_by_itself_and_its_damage_is_told(cache: Path, tmp_path: Path) -> None:
    probe = build(cache)
    with pytest.raises(UserError, match="not trained"):
        probe.predict(images())
    targets = np.tile([[0.0], [1.0]], (6, 14)).astype(np.float32)
    probe.fit(images(), targets, np.arange(12).astype(str), 0)
    probe.save(tmp_path / "probe")
    loaded = load_predictor(tmp_path / "probe", BuildContext(options={"cache": str(cache)}))
    assert np.array_equal(loaded.predict(images()), probe.predict(images()))
    assert loaded.labels == CHEXPERT_LABELS and loaded.fingerprint != probe.fingerprint
    with pytest.raises(UserError, match="holds a predictor 'lite0-probe'"):
        PREDICTORS.build("resnet50", BuildContext(target=str(tmp_path / "probe")))
    (tmp_path / "probe" / WEIGHTS_FILE).write_bytes(b"else")
    with pytest.raises(UserError, match="not the file"):
        load_predictor(tmp_path / "probe")
    with pytest.raises(UserError, match="no trained predictor"):
        load_predictor(tmp_path)


def test_pneumonia_on_real_radiographs(shared_data: Path) -> None:
    """Fitted on train, scored on test: the data's README says 0.886, found with all of train and the best C."""
    from sklearn.metrics import roc_auc_score

    split = load_split(f"folder:{shared_data / 'nih'}")
    part = {name: split.cases(name) for name in ("train", "test")}
    known = {"train": read(split, part["train"]), "test": read(split, part["test"])}
    probe = PREDICTORS.build("lite0-probe", BuildContext())
    column = CHEXPERT_LABELS.index("Pneumonia")
    truth = np.array([case.labels["Pneumonia"] for case in part["test"]])
    targets = np.array(
        [[case.labels.get(label, np.nan) for label in CHEXPERT_LABELS] for case in part["train"]], np.float32
    )
    patients = np.array([case.patient for case in part["train"]])
    found = []
    for seed in range(3):
        probe.fit(known["train"], targets, patients, seed)
        prediction = probe.predict(known["test"])
        found.append(roc_auc_score(truth, prediction[:, column]))
        unknown = [CHEXPERT_LABELS.index(name) for name in ("Fracture", "Support Devices")]
        assert (prediction[:, unknown] == 0.5).all(), "labels that NIH does not know teach nothing"
    assert np.mean(found) == pytest.approx(0.886, abs=0.025)


def read(split, cases) -> list[np.ndarray]:
    return [split.read_image(case) for case in cases]

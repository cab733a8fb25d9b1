"""A classifier's certificate: of one image a patient, void where training saw a patient, silent training refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_up_splits import write_csv
from PIL import Image

from chexgenbench import utility_command
from chexgenbench.utility.certifying import Wanted, certificate_of
from chexgenbench.utility_command import Request, resolve
from data_splits.errors import UserError
from leaderboards.records.io import read_record
from leaderboards.records.recompute import check_run
from leaderboards.statistics.certificates.claim import Refused
from leaderboards.statistics.certificates.verify import verify


@pytest.fixture(autouse=True)
def features(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session's feature cache."""
    monkeypatch.setenv("CHEXGENBENCH_CACHE", str(cache))


def split(path: Path, n: int, prefix: str, seed: int) -> str:
    """Bright images are Edema, two images a patient; the first image of all is of unknown label."""
    rng = np.random.default_rng(seed)
    rows = []
    for row in range(n):
        bright = bool(rng.random() < 0.5)
        pixels = rng.integers(0, 60, (32, 32)) + (90 if bright else 30)
        (path / "images").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(path / "images" / f"{prefix}{row}.png")
        label = "" if row == 0 else int(bright)
        rows.append({"image": f"{prefix}{row}.png", "patient": f"{prefix}{row // 2}", "Edema": label, "Fracture": 0})
    write_csv(path / "cases.csv", rows)
    return f"folder:{path}"


def test_a_record_carries_its_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, test = split(tmp_path / "train", 60, "g", 0), split(tmp_path / "test", 60, "e", 1)
    output, saved = tmp_path / "run", tmp_path / "saved"
    asked = Request(train, None, test, certify="edema", certify_cases=30, trainings=1, output=output, save=saved)
    utility_command.run(asked, json=False)
    said = capsys.readouterr().out
    [certificate] = read_record(output).certificates
    assert certificate.n == 30 == certificate.sample.patients and certificate.loss_name == "error on Edema"
    assert certificate.risk < 0.1 and certificate.value < 0.2 and verify(certificate) == []
    assert {each.rule: each.basis for each in certificate.rules}["disjoint"] == "checked"
    assert (
        "error on Edema at most" in said and "from n = 30 patients" in said and "the constant answer is wrong" in said
    )
    assert check_run(output).discrepancies == ()
    # The predictor that was saved is the one that was certified.
    with pytest.raises(UserError, match="--trained-elsewhere"):
        utility_command.run(Request(None, saved, test, certify="Edema", certify_cases=30), json=False)
    utility_command.run(
        Request(
            None, saved, test, certify="Edema", certify_cases=30, trained_elsewhere="on g", output=tmp_path / "two"
        ),
        json=False,
    )
    [again] = read_record(tmp_path / "two").certificates
    assert (again.loss_sum, again.value, again.sample) == (certificate.loss_sum, certificate.value, certificate.sample)
    # A digit that does not follow is found.
    changed = (output / "record.json").read_text().replace(f'"loss_sum":{certificate.loss_sum}', '"loss_sum":29.0')
    (output / "record.json").write_text(changed)
    assert any(each.metric == "certificate" for each in check_run(output).discrepancies)


def test_what_is_refused_before_training(tmp_path: Path) -> None:
    train, test = split(tmp_path / "train", 60, "g", 0), split(tmp_path / "test", 40, "e", 1)
    for label, cases, match in (
        ("Edemaa", 10, "Did you mean 'Edema'"),
        ("Edema", 21, "there are 20"),
        ("Pneumonia", 1, "there are 0"),
    ):
        with pytest.raises(UserError, match=match):
            utility_command.run(
                Request(train, None, test, certify=label, certify_cases=cases, output=tmp_path / "x"), json=False
            )
    assert not (tmp_path / "x").exists()


def test_a_patient_of_training_voids_it(tmp_path: Path) -> None:
    train, test = split(tmp_path / "train", 60, "e", 0), split(tmp_path / "test", 60, "e", 1)
    task = resolve(Request(train, None, test))
    from chexgenbench.utility.standalone import predicted

    found = predicted(task, tmp_path / "run")
    with pytest.raises(Refused, match="share"):
        certificate_of(task, found, Wanted("Edema", 20))


def test_the_sample_does_not_depend_on_the_classifier(tmp_path: Path) -> None:
    train, test = split(tmp_path / "train", 60, "g", 0), split(tmp_path / "test", 60, "e", 1)
    for label in ("Edema", "Fracture"):
        utility_command.run(
            Request(train, None, test, certify=label, certify_cases=12, trainings=1, output=tmp_path / label),
            json=False,
        )
    shared = set(read_record(tmp_path / "Edema").certificates[0].sample.cases)
    # The one image of unknown label may change one of them.
    assert len(shared & set(read_record(tmp_path / "Fracture").certificates[0].sample.cases)) >= 11

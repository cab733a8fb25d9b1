"""The cohort: patients, labels, severities and prompts agree with each other and with the stated prevalences."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from data_splits.case import CHEXPERT_LABELS
from data_splits.errors import UserError
from data_splits.phantom.cohort import PATIENTS, PhantomStudy, phantom_studies

GOLDEN_TRAIN = "d65b7f88391bdf63ea886c80636273716dbe0fd5e411c2528746e62769ea6576"
GOLDEN_TEST = "6cd3ccd0da914ebb039f71098300c9fe2ec9c45ff9d3b051f8dfca45b30d6f39"
WORDS = {  # label: any of these must be in the prompt when it is positive
    "Atelectasis": ("atelectasis",),
    "Cardiomegaly": ("cardiomegaly",),
    "Consolidation": ("consolidation",),
    "Edema": ("edema",),
    "Enlarged Cardiomediastinum": ("mediastinum", "cardiomediastinum"),
    "Fracture": ("fracture",),
    "Lung Lesion": ("nodule", "nodules"),
    "Pleural Effusion": ("effusion", "effusions"),
    "Pleural Other": ("pleural thickening",),
    "Pneumonia": ("pneumonia",),
    "Pneumothorax": ("pneumothorax",),
    "Support Devices": ("tube", "line", "pacemaker", "wires"),
}


@pytest.fixture(scope="module")
def train() -> list[PhantomStudy]:
    return list(phantom_studies(0, "train"))


@pytest.fixture(scope="module")
def test_set() -> list[PhantomStudy]:
    return list(phantom_studies(0, "test"))


def test_sizes_and_unique_ids(train: list[PhantomStudy], test_set: list[PhantomStudy]) -> None:
    assert len({s.patient_id for s in train}) == PATIENTS["train"] == 1500
    assert len({s.patient_id for s in test_set}) == PATIENTS["test"] == 400
    assert 2700 < len(train) < 3300
    assert 550 < len(test_set) < 700
    assert len({s.study_id for s in (*train, *test_set)}) == len(train) + len(test_set)


def test_subsets_share_no_patient_and_no_anatomy(train: list[PhantomStudy], test_set: list[PhantomStudy]) -> None:
    assert not {s.patient_id for s in train} & {s.patient_id for s in test_set}
    assert not {s.anatomy for s in train} & {s.anatomy for s in test_set}


def test_anatomy_is_the_patients_and_acquisition_the_studys(train: list[PhantomStudy]) -> None:
    anatomy: dict[str, object] = {}
    for study in train:
        assert anatomy.setdefault(study.patient_id, study.anatomy) == study.anatomy
    assert len({s.acquisition for s in train}) == len(train)


def test_deterministic_and_prefix_stable() -> None:
    assert list(phantom_studies(7, "test", patients=5)) == list(phantom_studies(7, "test", patients=5))
    longer = list(phantom_studies(7, "test", patients=9))
    shorter = list(phantom_studies(7, "test", patients=4))
    assert longer[: len(shorter)] == shorter
    assert next(phantom_studies(8, "test")).anatomy != longer[0].anatomy


def test_labels_follow_chexpert_and_exclude_each_other(train: list[PhantomStudy]) -> None:
    for study in train:
        assert tuple(study.labels) == CHEXPERT_LABELS
        on = {name for name, value in study.labels.items() if value}
        assert ("No Finding" in on) == (not on - {"Support Devices", "No Finding"})
        assert ("Lung Opacity" in on) == bool(on & {"Consolidation", "Edema", "Atelectasis", "Lung Lesion"})
        assert "Pneumonia" not in on or "Consolidation" in on
        for name, size in study.severities.items():
            assert (size > (0.5 if name == "Cardiomegaly" else 0)) == bool(study.labels[name]), name


def test_prevalences_give_every_label_enough_positives(train: list[PhantomStudy], test_set: list[PhantomStudy]) -> None:
    wanted = {
        "Atelectasis": 0.15,
        "Cardiomegaly": 0.22,
        "Consolidation": 0.14,
        "Edema": 0.15,
        "Fracture": 0.055,
        "Lung Lesion": 0.09,
        "No Finding": 0.37,
        "Pleural Effusion": 0.22,
        "Pneumothorax": 0.09,
        "Support Devices": 0.27,
    }
    for name, share in wanted.items():
        assert np.mean([s.labels[name] for s in train]) == pytest.approx(share, rel=0.25), name
    for name in CHEXPERT_LABELS:
        assert sum(s.labels[name] for s in test_set) >= 25, name


def test_demography(train: list[PhantomStudy]) -> None:
    ages = [s.age for s in train]
    assert min(ages) >= 18
    assert max(ages) <= 95
    counts = Counter((s.view, s.sex) for s in train)
    assert set(counts) == {(v, s) for v in ("AP", "PA") for s in ("M", "F")}
    assert min(counts.values()) > 0.15 * len(train)


def test_prompt_names_every_positive_finding(train: list[PhantomStudy]) -> None:
    for study in train:
        text = study.prompt.lower()
        for name, words in WORDS.items():
            if study.labels[name]:
                assert any(w in text for w in words), (name, study.prompt)
        assert study.view in study.prompt
        assert str(study.age) in text
        assert any(
            w in text.replace(".", " ").replace(",", " ").split()
            for w in (("woman", "female") if study.sex == "F" else ("man", "male"))
        )


def test_prompt_never_claims_a_finding_that_is_absent(train: list[PhantomStudy]) -> None:
    for study in islice(train, 800):
        for sentence in study.prompt.lower().rstrip(".").split(". "):
            if sentence.startswith(("no ", "there is no ")):
                absent = [
                    n
                    for n in ("Pleural Effusion", "Pneumothorax", "Consolidation", "Edema", "Fracture")
                    if any(w in sentence for w in WORDS[n])
                ]
                assert all(not study.labels[n] for n in absent), study.prompt
                continue
            for name in ("Cardiomegaly", "Edema", "Fracture", "Pleural Effusion", "Pneumothorax", "Consolidation"):
                if any(w in sentence for w in WORDS[name]):
                    assert study.labels[name], (name, study.prompt)


def test_prompts_are_short_varied_and_of_few_words(train: list[PhantomStudy]) -> None:
    words = {w.strip(".,:").lower() for s in train for w in s.prompt.split()}
    assert len(words) < 200
    assert max(len(s.prompt.split()) for s in train) <= 50
    assert len({s.prompt for s in train}) > 0.95 * len(train)


def test_sides_are_named_right(train: list[PhantomStudy]) -> None:
    for study in train:
        if study.findings.pneumothorax:
            assert f"{study.findings.pneumothorax_side} pneumothorax" in study.prompt.lower()


def test_golden_cohort(train: list[PhantomStudy], test_set: list[PhantomStudy]) -> None:
    """Ids, labels, severities and prompts of the default cohort never change."""
    for studies, expected in ((train, GOLDEN_TRAIN), (test_set, GOLDEN_TEST)):
        lines = [
            f"{s.study_id}|{s.view}|{s.sex}|{s.age}|{sorted(s.labels.items())}|"
            f"{[(k, round(v, 6)) for k, v in sorted(s.severities.items())]}|{s.prompt}"
            for s in studies
        ]
        assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == expected


def test_unknown_subset_names_the_fix() -> None:
    with pytest.raises(UserError, match="train, test"):
        next(phantom_studies(0, "validation"))

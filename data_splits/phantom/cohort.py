"""The phantom cohort: patients with several studies, in a train and a test subset that share no patient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from data_splits.errors import UserError
from data_splits.phantom.acquisition import Acquisition, sample_acquisition
from data_splits.phantom.anatomy import Anatomy, sample_anatomy
from data_splits.phantom.draws import Draws
from data_splits.phantom.findings import Findings, labels_of, sample_findings, severities_of
from data_splits.phantom.report import write_report

PATIENTS = {"train": 1500, "test": 400}
MAX_STUDIES = {"train": (1, 1, 2, 2, 3, 3), "test": (1, 1, 1, 1, 2, 3)}


@dataclass(frozen=True)
class PhantomStudy:
    """One radiograph to be rendered, with everything that is true of it."""

    patient_id: str
    study_id: str
    subset: str
    view: str  # "PA" or "AP"
    sex: str  # "M" or "F"
    age: int  # years
    labels: dict[str, int]  # the 14 CheXpert labels, 1 or 0
    severities: dict[str, float]  # physical sizes, see findings.severities_of
    prompt: str
    seed: int
    anatomy: Anatomy
    acquisition: Acquisition
    findings: Findings


def phantom_studies(seed: int = 0, subset: str = "train", patients: int | None = None) -> Iterator[PhantomStudy]:
    """Yield a subset's studies in a fixed order, patient by patient.

    Args:
        seed: names the cohort; another seed gives other patients.
        subset: "train" (1,500 patients) or "test" (400 patients). A patient belongs to one subset, which is part of
            the patient's id and of the key of every draw.
        patients: take only the first so many patients.

    Raises:
        UserError: an unknown subset.
    """
    if subset not in PATIENTS:
        raise UserError(f"phantom has no subset {subset!r}; choose one of: {', '.join(PATIENTS)}")
    for number in range(PATIENTS[subset] if patients is None else patients):
        yield from _patient_studies(seed, subset, number)


def _patient_studies(seed: int, subset: str, number: int) -> Iterator[PhantomStudy]:
    patient_id = f"{subset}-p{number:05d}"
    key = ("phantom", seed, patient_id)
    d = Draws(*key, "patient")
    sex = d.choice(("F", "M"))
    first_age = int(min(93.0, max(18.0, d.normal(58.0, 19.0))))
    bedridden = d.uniform(0.10, 0.75)
    studies = d.choice(MAX_STUDIES[subset])
    body = sample_anatomy(key, sex, first_age)
    age = first_age
    for study in range(studies):
        s = Draws(*key, study, "study")
        view = "AP" if s.chance(bedridden) else "PA"
        found = sample_findings(key, study, view, age, body.ctr)
        labels = labels_of(found)
        study_id = f"{patient_id}-s{study}"
        prompt = write_report(Draws(*key, study, "report"), view, sex, age, found)
        shot = sample_acquisition((*key, study), view)
        yield PhantomStudy(
            patient_id, study_id, subset, view, sex, age, labels, severities_of(found), prompt, seed, body, shot, found
        )
        age = min(95, age + int(s.chance(0.3)))

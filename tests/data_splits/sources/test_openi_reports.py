"""MeSH codes as CheXpert labels."""

from __future__ import annotations

import pytest

from data_splits.case import CHEXPERT_LABELS
from data_splits.sources.openi_reports import MESH_TO_CHEXPERT, mesh_labels


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["normal"], {"No Finding"}),
        (["Pulmonary Atelectasis/base/left"], {"Atelectasis"}),
        (["Cardiac Shadow/enlarged/mild"], {"Cardiomegaly"}),
        (["Pneumonia/lower lobe/right"], {"Pneumonia", "Lung Opacity"}),
        (["Opacity/lung/hilum/left", "Pleural Effusion/small"], {"Lung Opacity", "Pleural Effusion"}),
        (["Costophrenic Angle/left/blunted"], {"Pleural Effusion"}),
        (["Calcified Granuloma/lung/upper lobe/left"], {"Lung Lesion"}),
        (["Nodule/breast/left"], set()),
        (["Fractures, Bone/ribs/healed"], {"Fracture"}),
        (["Thickening/pleura/apex"], {"Pleural Other"}),
        (["Catheters, Indwelling/right", "Hydropneumothorax/left"], {"Support Devices", "Pneumothorax"}),
        (["Abnormality/normal variant"], set()),
        (["Scoliosis"], set()),
    ],
)
def test_major_terms(terms: list[str], expected: set[str]) -> None:
    labels = mesh_labels(terms)
    assert {name for name, value in labels.items() if value} == expected
    assert set(labels) == set(CHEXPERT_LABELS)


def test_uncoded_reports_are_unknown() -> None:
    assert mesh_labels([]) == {}
    assert mesh_labels(["No Indexing"]) == {}


def test_every_label_can_be_reached() -> None:
    assert {label for _, label in MESH_TO_CHEXPERT} == set(CHEXPERT_LABELS)

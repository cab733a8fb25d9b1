"""A case: one question put to a generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CHEXPERT_LABELS = (
    "Atelectasis",
    "Cardiomegaly",
    "Consolidation",
    "Edema",
    "Enlarged Cardiomediastinum",
    "Fracture",
    "Lung Lesion",
    "Lung Opacity",
    "No Finding",
    "Pleural Effusion",
    "Pleural Other",
    "Pneumonia",
    "Pneumothorax",
    "Support Devices",
)
"""The 14 CheXpert labels in CheXGenBench order."""


@dataclass(frozen=True, slots=True)
class Case:
    """One radiograph of a split with everything known about it.

    Attributes:
        id: unique in the split; letters, digits, `._-`.
        patient: the group key of every split, interval and permutation.
        image: path of the image below the split's root (a phantom has none: it is rendered).
        prompt: the text a generator is asked to draw, or None where the source has no text.
        labels: CheXpert name -> 1, 0 or -1 (uncertain). A name that is absent is unknown, not negative.
        view: "AP", "PA" or None. sex: "M", "F" or None. age: years or None.
        study: the source's study id, where it has one.
        weight: how much the image counts where a classifier is trained on it; 1 unless the source says otherwise.
    """

    id: str
    patient: str
    image: str | None = None
    prompt: str | None = None
    labels: Mapping[str, int] = field(default_factory=dict)
    view: str | None = None
    sex: str | None = None
    age: float | None = None
    study: str | None = None
    weight: float = 1.0

    @property
    def age_band(self) -> str | None:
        """The age group used for subgroups: "<40", "40-64", "65+" (years), or None."""
        if self.age is None:
            return None
        return "<40" if self.age < 40 else "40-64" if self.age < 65 else "65+"

from __future__ import annotations

from pathlib import Path

import pytest

from chexgenbench.text_scores.finding_rules import findings
from data_splits.case import CHEXPERT_LABELS
from data_splits.phantom.cohort import phantom_studies
from data_splits.sources import load_split


def test_every_label_of_phantom_reports_is_read_right() -> None:
    """Their labels follow from physical parameters, not from the text."""
    wrong = [
        (name, study.prompt)
        for study in phantom_studies(7, "train", 300)
        for name in CHEXPERT_LABELS
        if findings(study.prompt).get(name, 0) != study.labels[name]
    ]
    assert not wrong


def test_labels_of_nih_prompts_are_read_right_but_lung_opacity(shared_data: Path) -> None:
    """NIH's Infiltration is another thing than the opacity that every consolidation and edema is."""
    split = load_split(f"folder:{shared_data / 'nih'}")
    cells = [
        (name, value, findings(case.prompt or "").get(name, 0))
        for cases in split.subsets.values()
        for case in cases
        for name, value in case.labels.items()
    ]
    wrong = {name for name, value, read in cells if value != read}
    assert len(cells) > 6000 and wrong == {"Lung Opacity"}


SHORT = {
    "AT": "Atelectasis", "CM": "Cardiomegaly", "CO": "Consolidation", "ED": "Edema", "EC": "Enlarged Cardiomediastinum",
    "FR": "Fracture", "LL": "Lung Lesion", "LO": "Lung Opacity", "NF": "No Finding", "PE": "Pleural Effusion",
    "PN": "Pneumonia", "PX": "Pneumothorax", "SD": "Support Devices",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No pleural effusion, pneumothorax or focal consolidation.", "PE0 PX0 CO0 NF1"),
        ("The heart is mildly enlarged but there is no edema.", "CM1 ED0"),
        ("Cardiac silhouette is enlarged, with edema and no pneumothorax.", "CM1 ED1 PX0 LO1"),
        ("Possible right lower lobe pneumonia.", "PN-1 LO-1"),
        ("Pneumonia cannot be excluded.", "PN-1 LO-1"),
        ("Opacity may represent atelectasis versus pneumonia.", "LO-1 AT-1 PN-1"),
        ("The left effusion has resolved.", "PE0 NF1"),
        ("No significant change in the right pleural effusion.", "PE1"),
        ("Heart size is normal, the mediastinum is widened.", "CM0 EC1"),
        ("Cardiomediastinal silhouette is unremarkable. Old right rib fracture.", "EC0 FR1"),
        ("The lungs are clear without effusion. Bones are intact.", "LO0 PE0 FR0 NF1"),
        ("Endotracheal tube in place.", "SD1 NF1"),
        ("Effusion is not seen. A 3.5 cm mass is present.", "PE0 LL1 LO1"),
        ("Possible edema. Definite edema at the bases.", "ED1 LO1"),
        ("", ""),
    ],
)
def test_negation_uncertainty_and_change(text: str, expected: str) -> None:
    assert findings(text) == {SHORT[each[:2]]: int(each[2:]) for each in expected.split()}

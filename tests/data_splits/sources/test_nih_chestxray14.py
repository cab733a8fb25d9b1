"""The NIH layout with made-up rows."""

from __future__ import annotations

from pathlib import Path

import made_up_splits
import pytest

from data_splits.errors import UserError
from data_splits.sources import load_split
from data_splits.sources.nih_chestxray14 import label_prompt


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made: Path = made_up_splits.nih(tmp_path / "nih")
    return made


def test_official_lists_make_the_subsets(root: Path) -> None:
    split = load_split(f"nih-chestxray14:{root}")
    assert split.manifest.counts == {"test": {"images": 3, "patients": 2}, "train": {"images": 3, "patients": 2}}
    first, second, third = split.cases("train")
    assert (first.age, first.sex, first.view) == (58, "F", "AP")
    assert first.labels["No Finding"] == 1
    assert {name for name, value in second.labels.items() if value} == {"Pleural Effusion", "Lung Lesion"}
    assert not any(third.labels.values())  # a hernia has no CheXpert name
    assert "Fracture" not in first.labels
    assert split.read_image(second).shape == (8, 8)
    assert split.read_image(split.cases("test")[-1]).shape == (8, 8)
    assert "train: 3 images, published 86,524 (-86,521)" in split.warnings
    assert "NIH Clinical Center is the data provider" in split.licence


def test_prompt_sentence() -> None:
    assert label_prompt("PA", "M", 58.0, ["Effusion", "Mass", "Pleural_Thickening"]) == (
        "Frontal chest radiograph (PA) of a 58-year-old man with effusion, mass and pleural thickening."
    )
    assert (
        label_prompt(None, None, None, ["No Finding"]) == "Frontal chest radiograph of a person with no acute finding."
    )
    assert "of an 81-year-old woman with edema." in label_prompt("AP", "F", 81.0, ["Edema"])


def test_errors(root: Path) -> None:
    (root / "images_002" / "images" / "00000004_005.png").unlink()
    with pytest.raises(UserError, match=r"1 listed image file\(s\) missing:\n  00000004_005.png"):
        load_split(f"nih-chestxray14:{root}")
    (root / "test_list.txt").write_text("00000009_000.png\n")
    with pytest.raises(UserError, match=r"not in Data_Entry_2017\.csv"):
        load_split(f"nih-chestxray14:{root}")
    (root / "test_list.txt").write_text("00000003_003.png\n00000003_003.png\n")
    with pytest.raises(UserError, match="listed twice"):
        load_split(f"nih-chestxray14:{root}")
    (root / "test_list.txt").write_text("00000001_001.png\n")
    (root / "train_val_list.txt").write_text("00000001_000.png\n")
    with pytest.raises(UserError, match="more than one subset, such as 1"):
        load_split(f"nih-chestxray14:{root}")
    (root / "train_val_list.txt").unlink()
    with pytest.raises(UserError, match=r"train_val_list.txt does not exist"):
        load_split(f"nih-chestxray14:{root}")


def test_unknown_label_and_missing_column(root: Path) -> None:
    table = root / "Data_Entry_2017.csv"
    text = table.read_text()
    table.write_text(text.replace("Hernia", "Hiccup"))
    with pytest.raises(UserError, match=r"labels that NIH ChestX-ray14 does not have:\n  row 3"):
        load_split(f"nih-chestxray14:{root}")
    table.write_text(text.replace("View Position", "Vue"))
    with pytest.raises(UserError, match=r"lacks 1 column\(s\): view \(View Position\)"):
        load_split(f"nih-chestxray14:{root}")

"""The MIMIC-CXR rules on made-up rows, and that no text of it leaves in a message or manifest."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import made_up_splits
import pandas as pd
import pytest

from data_splits.errors import UserError
from data_splits.sources import load_split, mimic_published
from data_splits.sources.mimic_cxr import PRIVACY, UNIQUE, UTILITY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made: Path = made_up_splits.mimic(tmp_path / "mimic")
    return made


def change(file: Path, row: int, **cells: str) -> None:
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    rows[row] |= cells
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_the_whole_split(root: Path) -> None:
    split = load_split(f"mimic-cxr:{root}")
    assert split.credentialed
    assert split.manifest.counts == {"test": {"images": 12, "patients": 6}, "train": {"images": 16, "patients": 8}}
    assert split.evaluation == UNIQUE
    case = split.cases("train")[0]
    assert case.view in ("AP", "PA")
    assert case.labels["Edema"] == 1
    assert case.study is not None
    assert split.read_image(case).shape == (8, 8)
    assert "train: 16 image-text pairs, published 237,388 (-237,372)" in split.warnings
    assert any(line.startswith("utility: rows drawn by an inferred rule") for line in split.warnings)


def test_unique_prompts_are_the_first_rows(root: Path) -> None:
    split = load_split(f"mimic-cxr:{root}")
    table = pd.read_csv(root / "LLAVARAD_ANNOTATIONS_TEST.csv").drop_duplicates("annotated_prompt")
    assert [case.id for case in split.cases(UNIQUE)] == sorted(Path(path).stem for path in table["path"])
    assert len(split.cases(UNIQUE)) < len(split.cases("test"))


def test_privacy_selection_is_the_published_sample(tmp_path: Path) -> None:
    root = made_up_splits.mimic(tmp_path / "mimic", train=1, test=3)
    rows = made_up_splits.mimic_rows(range(2000, 5600))  # 7,200 rows, 2,400 unique prompts
    made_up_splits.write_csv(root / "LLAVARAD_ANNOTATIONS_TRAIN.csv", rows)
    split = load_split(f"mimic-cxr:{root}")
    table = pd.DataFrame(rows).drop_duplicates("annotated_prompt").sample(n=2000, random_state=42)
    assert [case.id for case in split.cases(PRIVACY)] == sorted(Path(path).stem for path in table["path"])
    assert len({case.prompt for case in split.cases(PRIVACY)}) == 2000


def test_privacy_seeds_are_those_of_the_published_draw() -> None:
    """Reproduced from the stated recipe: seed 42, ten choices from 1 to 999."""
    assert random.Random(42).choices(range(1, 1000), k=10) == list(mimic_published.PRIVACY_SEEDS)


def test_utility_rule_leaves_uncertain_rows_out(root: Path) -> None:
    split = load_split(f"mimic-cxr:{root}")
    chosen = split.cases(UTILITY)
    assert 0 < len(chosen) < len(split.cases("train"))
    assert all(-1 not in case.labels.values() for case in chosen)


def test_utility_file_makes_the_selection_exact(root: Path) -> None:
    rows = made_up_splits.mimic_rows(range(3))
    made_up_splits.write_csv(root / "training_data_20K.csv", rows)
    split = load_split(f"mimic-cxr:{root}")
    assert {case.id for case in split.cases(UTILITY)} == {Path(row["path"]).stem for row in rows}
    assert "utility: 6 rows, published 20,000 (-19,994)" in split.warnings
    made_up_splits.write_csv(root / "training_data_20K.csv", made_up_splits.mimic_rows(range(500, 501)))
    with pytest.raises(UserError, match=r"2 row\(s\) that are not in the training annotations"):
        load_split(f"mimic-cxr:{root}")


def test_json_of_physionet_gives_the_same_cases(root: Path) -> None:
    from_csv = load_split(f"mimic-cxr:{root}")
    other = root.parent / "annotations"
    other.mkdir()
    for part, patients in (("train", range(8)), ("test", range(1000, 1006))):
        rows = made_up_splits.mimic_rows(patients)
        rule_based = [dict(rows[0], generate_method="rule-based")] if part == "train" else []
        made_up_splits.write_json(other / f"chat_{part}_MIMIC_CXR.json", made_up_splits.mimic_json(rows + rule_based))
    from_json = load_split(f"mimic-cxr:{root}", annotations=str(other))
    assert from_json.manifest.entries == from_csv.manifest.entries
    assert "train: 1 rows left out (not made by gpt4)" in from_json.warnings


def test_lateral_and_empty_rows_are_left_out_and_counted(root: Path) -> None:
    change(root / "LLAVARAD_ANNOTATIONS_TEST.csv", 0, view="LATERAL")
    change(root / "LLAVARAD_ANNOTATIONS_TEST.csv", 1, annotated_prompt="nan")
    split = load_split(f"mimic-cxr:{root}")
    assert len(split.cases("test")) == 10
    assert {"test: 1 rows left out (lateral view)", "test: 1 rows left out (no prompt text)"} <= set(split.warnings)


def test_test_alone_is_enough(root: Path) -> None:
    (root / "LLAVARAD_ANNOTATIONS_TRAIN.csv").unlink()
    split = load_split(f"mimic-cxr:{root}")
    assert set(split.subsets) == {"test"}
    assert "no training annotations: the privacy and utility selections are missing" in split.warnings


def test_two_extraction_methods_of_one_image_are_two_cases(root: Path) -> None:
    rows = made_up_splits.mimic_rows(range(1000, 1006))
    again = dict(rows[0], generate_method="rule-based", annotated_prompt="another text")
    made_up_splits.write_csv(root / "LLAVARAD_ANNOTATIONS_TEST.csv", [*rows, again])
    dicom = Path(rows[0]["path"]).stem
    ids = {case.id for case in load_split(f"mimic-cxr:{root}").cases("test")}
    assert {f"{dicom}.gpt4", f"{dicom}.rule-based"} <= ids
    made_up_splits.write_csv(root / "LLAVARAD_ANNOTATIONS_TEST.csv", [*rows, rows[0]])
    with pytest.raises(UserError, match="duplicate image id"):
        load_split(f"mimic-cxr:{root}")


def test_missing_images_of_test_are_errors_those_of_train_on_demand(root: Path) -> None:
    split = load_split(f"mimic-cxr:{root}")
    (root / (split.cases("train")[0].image or "")).unlink()
    assert load_split(f"mimic-cxr:{root}").manifest == split.manifest
    with pytest.raises(UserError, match=r"1 image file\(s\) of train missing"):
        load_split(f"mimic-cxr:{root}", check="all")
    (root / (split.cases("test")[0].image or "")).unlink()
    with pytest.raises(UserError, match=r"1 image file\(s\) of test missing"):
        load_split(f"mimic-cxr:{root}")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"path": "CANARY-TEXT.jpg"}, r"1 path\(s\) that do not end in"),
        ({"patientID": "19999999"}, r"1 row\(s\) whose patient is not the one of their path"),
        ({"chexpert_labels": "CANARY-TEXT"}, r"1 chexpert_labels cell\(s\) that cannot be read:\n  row 3"),
        ({"chexpert_labels": "{'CANARY': 1}"}, "a label name that CheXpert does not have"),
    ],
)
def test_wrong_cells_are_named_by_row_and_never_shown(root: Path, cells: dict[str, str], message: str) -> None:
    change(root / "LLAVARAD_ANNOTATIONS_TEST.csv", 2, **cells)
    with pytest.raises(UserError, match=message) as caught:
        load_split(f"mimic-cxr:{root}")
    assert "CANARY" not in str(caught.value)


def test_missing_column_file_and_layout(root: Path) -> None:
    rows = made_up_splits.mimic_rows(range(1000, 1006))
    test = root / "LLAVARAD_ANNOTATIONS_TEST.csv"
    made_up_splits.write_csv(test, [{key: row[key] for key in row if key != "annotated_prompt"} for row in rows])
    with pytest.raises(UserError, match="no column for prompt"):
        load_split(f"mimic-cxr:{root}")
    made_up_splits.write_csv(test, [{key: row[key] for key in row if key != "chexpert_labels"} for row in rows])
    with pytest.raises(UserError, match=r"lacks 1 column\(s\): chexpert_labels"):
        load_split(f"mimic-cxr:{root}")
    made_up_splits.write_csv(test, made_up_splits.mimic_rows(range(2000, 2003)))
    with pytest.raises(UserError, match="no image of the annotations lies in"):
        load_split(f"mimic-cxr:{root}")
    made_up_splits.write_csv(root / "other_annotations_test.csv", rows)
    with pytest.raises(UserError, match="several test annotation files"):
        load_split(f"mimic-cxr:{root}")
    made_up_splits.write_csv(test, rows)
    assert load_split(f"mimic-cxr:{root}", test="other_annotations_test.csv").manifest.counts["test"]["images"] == 12
    test.unlink()
    (root / "other_annotations_test.csv").unlink()
    with pytest.raises(UserError, match="no test annotations"):
        load_split(f"mimic-cxr:{root}")


def test_a_shared_patient_is_refused_under_a_hash(root: Path) -> None:
    rows = made_up_splits.mimic_rows(range(1000, 1006))
    train = made_up_splits.mimic_rows(range(1005, 1007), images=1)
    made_up_splits.write_csv(root / "LLAVARAD_ANNOTATIONS_TRAIN.csv", train)
    made_up_splits.write_csv(root / "LLAVARAD_ANNOTATIONS_TEST.csv", rows[:10] + rows[11:])
    with pytest.raises(UserError, match="more than one subset") as caught:
        load_split(f"mimic-cxr:{root}")
    assert "10001005" not in str(caught.value)


def test_nothing_of_the_text_is_in_the_manifest(root: Path, tmp_path: Path) -> None:
    split = load_split(f"mimic-cxr:{root}")
    split.manifest.write(tmp_path / "manifest.json")
    text = (tmp_path / "manifest.json").read_text()
    assert "CANARY" not in text
    assert "10001000" not in text  # the source's patient number
    assert str(root) not in text
    assert "CANARY" not in "".join(split.warnings)
    assert "CANARY" in (split.cases("test")[0].prompt or "")

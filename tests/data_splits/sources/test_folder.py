"""Any CSV: the shared sets, columns under other names, labels in three shapes, and exact errors."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import made_up_splits
import pytest

from data_splits.errors import ImageUnreadable, UserError
from data_splits.integrity import sha256_file
from data_splits.sources import load_split


def test_shared_nih_has_the_published_counts(shared_data: Path) -> None:
    split = load_split(f"folder:{shared_data / 'nih' / 'cases.csv'}")
    counts = split.manifest.counts
    assert counts == {"test": {"images": 183, "patients": 123}, "train": {"images": 396, "patients": 286}}
    test = Counter(name for case in split.cases("test") for name, value in case.labels.items() if value == 1)
    assert test["No Finding"] == 104
    assert (test["Pneumonia"], test["Lung Opacity"], test["Consolidation"]) == (79, 30, 1)
    everyone = (*split.cases("train"), *split.cases("test"))
    assert Counter(case.view for case in everyone) == {"AP": 321, "PA": 258}
    assert Counter(case.sex for case in everyone) == {"M": 316, "F": 263}
    assert not any(
        {"Fracture", "Support Devices", "Enlarged Cardiomediastinum"} & set(case.labels) for case in everyone
    )
    assert len({case.prompt for case in everyone}) == 464
    assert "The NIH Clinical Center is the data provider" in split.licence
    assert split.read_image(split.cases("test")[0]).shape == (256, 256)


def test_shared_hannover_loads_without_options(shared_data: Path) -> None:
    split = load_split(f"folder:{shared_data / 'hannover'}")
    assert split.manifest.counts["test"] == {"images": 51, "patients": 21}
    assert all(case.prompt is None and not case.labels for case in split.cases("train"))
    assert "10.6084/m9.figshare.12275009" in split.licence
    assert min(split.read_image(split.cases("test")[0]).shape) == 320


def folder(tmp_path: Path, rows: list[dict[str, Any]], images: bool = True) -> Path:
    for number, row in enumerate(rows):
        if images:
            made_up_splits.write_png(tmp_path / str(row.get("image") or row.get("path")), number)
    path: Path = made_up_splits.write_csv(tmp_path / "cases.csv", rows)
    return path


def test_other_column_names_are_found_or_told(tmp_path: Path) -> None:
    rows = [{"path": f"p/{k}.png", "caption": f"text {k}", "subject_id": k, "remark": f"r{k}"} for k in range(3)]
    path = folder(tmp_path, rows)
    split = load_split(f"folder:{path}")
    assert [case.prompt for case in split.cases("test")] == ["text 0", "text 1", "text 2"]
    assert [case.id for case in split.cases("test")] == ["p_0", "p_1", "p_2"]
    told = load_split(f"folder:{path}", columns="prompt=remark,patient=caption")
    assert told.cases("test")[1].prompt == "r1"
    assert told.cases("test")[1].patient == "text 1"
    assert split.manifest.hash != told.manifest.hash
    with pytest.raises(UserError, match=r"no column 'remrk' .*Did you mean 'remark'"):
        load_split(f"folder:{path}", columns="prompt=remrk")
    with pytest.raises(UserError, match="roles are image"):
        load_split(f"folder:{path}", columns="picture=path")


def test_labels_in_three_shapes_agree(tmp_path: Path) -> None:
    columns = [{"Edema": 1, "Pleural Effusion": 0}, {"Edema": 0, "Pleural Effusion": "1.0"}]
    lists = [{"labels": "Edema"}, {"labels": "Effusion|Hernia"}]
    dicts = [{"labels": "{'Edema': 1.0, 'Pleural Effusion': 0}"}, {"labels": "{'Edema': 0, 'Pleural Effusion': 1}"}]
    seen = []
    for name, shape in (("c", columns), ("l", lists), ("d", dicts)):
        rows = [{"image": f"{k}.png", "patient": k} | row for k, row in enumerate(shape)]
        split = load_split(f"folder:{folder(tmp_path / name, rows)}")
        seen.append([dict(case.labels) for case in split.cases("test")])
    assert seen[0] == seen[1] == seen[2] == [{"Edema": 1, "Pleural Effusion": 0}, {"Edema": 0, "Pleural Effusion": 1}]
    listed = load_split(f"folder:{tmp_path / 'l'}")
    assert listed.warnings == ("1 label(s) of 1 name(s) have no CheXpert counterpart: left out",)


def test_without_a_patient_column_each_image_stands_alone_and_it_is_said(tmp_path: Path) -> None:
    split = load_split(f"folder:{folder(tmp_path, [{'image': 'a.png'}, {'image': 'b.png'}])}")
    assert split.manifest.counts == {"test": {"images": 2, "patients": 2}}
    assert "own patient" in split.warnings[0]


def test_missing_images_are_listed_up_to_ten_and_counted(tmp_path: Path) -> None:
    path = folder(tmp_path, [{"image": f"{k}.png", "patient": k} for k in range(14)], images=False)
    with pytest.raises(UserError) as caught:
        load_split(f"folder:{path}")
    message = str(caught.value)
    assert "14 image file(s) missing" in message
    assert message.count("row ") == 10
    assert "and 4 more" in message


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"prompt": "x"}], r"no column for image .*It has: prompt"),
        ([{"image": "a.png", "id": "x"}, {"image": "b.png", "id": "x"}], r"1 duplicate case id\(s\).*\n  x: 2 rows"),
        ([{"image": "a.png", "Edema": "maybe"}], r"not 1, 0, -1 or empty:\n  row 1, column Edema"),
        ([{"image": "a.png", "view": "LATERAL"}], r"lateral view\(s\).*\n  row 1"),
        ([{"image": "a.png", "patient": ""}], r"empty cell\(s\) in the patient column:\n  row 1"),
        ([{"image": "a.png", "labels": "some text"}], "holds no CheXpert or NIH label"),
        ([{"image": "a.png", "labels": "{'Edema': __import__('os')}"}], "row 1: not a dict"),
        ([{"image": "a.png", "sha256": "12"}], "not a sha256"),
        (
            [{"image": "a.png", "patient": 1, "split": "train"}, {"image": "b.png", "patient": 1, "split": "test"}],
            "more than one subset",
        ),
    ],
)
def test_errors_are_short_and_exact(tmp_path: Path, rows: list[dict[str, Any]], message: str) -> None:
    path = made_up_splits.write_csv(tmp_path / "cases.csv", rows)
    for name in ("a.png", "b.png"):
        made_up_splits.write_png(tmp_path / name)
    with pytest.raises(UserError, match=message) as caught:
        load_split(f"folder:{path}")
    assert len(str(caught.value).splitlines()) <= 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("image,prompt\n", "no rows"),
        ("image,prompt\na.png,one,two\n", "line 2: 3 cells where the header has 2"),
        ('image,prompt\na.png,"one\n', "line 2: not a well-formed CSV"),
        ("image,image\na.png,b.png\n", "two columns called 'image'"),
        ("image,prompt\na.png,\xff\n", "not UTF-8"),
    ],
)
def test_broken_tables(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "cases.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=message):
        load_split(f"folder:{tmp_path}")


def test_a_changed_image_is_refused_when_read(tmp_path: Path) -> None:
    image = made_up_splits.write_png(tmp_path / "a.png", 1)
    made_up_splits.write_csv(tmp_path / "cases.csv", [{"image": "a.png", "patient": 1, "sha256": sha256_file(image)}])
    split = load_split(f"folder:{tmp_path}")
    case = split.cases("test")[0]
    assert split.manifest.entries[0].image_sha256 == sha256_file(image)
    assert split.read_image(case).shape == (8, 8)
    made_up_splits.write_png(tmp_path / "a.png", 2)
    with pytest.raises(ImageUnreadable, match="sha256 differs"):
        split.read_image(case)


def test_row_order_does_not_change_the_split(tmp_path: Path) -> None:
    rows = [{"image": f"{k}.png", "patient": k, "prompt": f"t{k}"} for k in range(5)]
    one = load_split(f"folder:{folder(tmp_path / 'x' / 'set', rows)}")
    two = load_split(f"folder:{folder(tmp_path / 'y' / 'set', rows[::-1])}")
    assert one.manifest == two.manifest


def test_a_weight_column_is_read_and_anything_but_a_weight_refused(tmp_path: Path) -> None:
    rows = [{"image": f"{k}.png", "patient": k, "weight": weight} for k, weight in enumerate(("0.25", "0", "3"))]
    split = load_split(f"folder:{folder(tmp_path / 'good', rows)}")
    assert [case.weight for case in split.cases("test")] == [0.25, 0.0, 3.0]
    rows = [{"image": f"{k}.png", "patient": k, "weight": text} for k, text in enumerate(("-1", "", "nan", "inf", "1"))]
    with pytest.raises(UserError, match="4 cell\\(s\\) of the weight column"):
        load_split(f"folder:{folder(tmp_path / 'bad', rows)}")
    plain = [{"image": "0.png", "patient": 0}]
    assert load_split(f"folder:{folder(tmp_path / 'plain', plain)}").cases("test")[0].weight == 1.0

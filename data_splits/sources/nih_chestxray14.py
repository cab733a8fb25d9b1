"""NIH ChestX-ray14 with its official lists, which are split by patient.

Wang et al., "ChestX-ray8", CVPR 2017; 112,120 images of 30,805 patients, 86,524 in train_val_list.txt and 25,596 in
test_list.txt. The data set has no reports: the prompt is one sentence made of view, age, sex and findings.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from data_splits.case import Case
from data_splits.errors import UserError
from data_splits.sources.catalogue import SourceInfo
from data_splits.sources.files import ImageFiles
from data_splits.sources.labels import nih_labels
from data_splits.sources.registry import describe
from data_splits.sources.tables import Table, read_age, read_csv, read_sex, read_view, refuse, require_columns
from data_splits.split import Split

VERSION = "1"
TABLES = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
LISTS = {"train": "train_val_list.txt", "test": "test_list.txt"}
PUBLISHED = {"train": 86_524, "test": 25_596}

COLUMNS = {
    "image": ("Image Index",),
    "labels": ("Finding Labels",),
    "patient": ("Patient ID",),
    "age": ("Patient Age",),
    "sex": ("Patient Gender", "Patient Sex"),
    "view": ("View Position",),
}


def load(path: Path) -> Split:
    """The official split.

    Args:
        path: folder with the table, the two lists and the images in images_001/images/ ... or images/.

    Raises:
        UserError: a file, column or image is missing, an image is listed twice, or a label is unknown. Counts other
            than the published ones (a part of the data set) are warnings.
    """
    info = describe("nih-chestxray14")
    table = _table(path, info)
    columns = require_columns(table, COLUMNS)
    names = [name.strip() for name in table[columns["image"]]]
    twice = [name for name, count in Counter(names).items() if count > 1]
    refuse(table.path, "image(s) listed twice", twice)
    row = {name: number for number, name in enumerate(names)}
    listed = {subset: _list(path / file, info) for subset, file in LISTS.items()}
    for subset, wanted in listed.items():
        refuse(path / LISTS[subset], f"image(s) that are not in {table.path.name}", [n for n in wanted if n not in row])
    found = _image_index(path)
    images = [name for wanted in listed.values() for name in wanted]
    if not any(name in found for name in images):
        raise UserError(info.missing(f"no listed image lies in {path}/images_*/images or {path}/images."))
    refuse(path, "listed image file(s) missing", [name for name in images if name not in found])

    bad: list[str] = []
    subsets = {
        subset: tuple(
            sorted((_case(table, columns, row[name], found[name], bad) for name in wanted), key=lambda case: case.id)
        )
        for subset, wanted in listed.items()
    }
    refuse(table.path, "row(s) with labels that NIH ChestX-ray14 does not have", bad)
    files = ImageFiles(path)
    unlisted = len(names) - len(set(images))
    warnings = [
        f"{subset}: {len(wanted):,} images, published {PUBLISHED[subset]:,} ({len(wanted) - PUBLISHED[subset]:+,})"
        for subset, wanted in listed.items()
        if len(wanted) != PUBLISHED[subset]
    ]
    if unlisted:
        warnings.append(f"{unlisted:,} images of {table.path.name} are in neither list: left out")
    return Split(
        name=info.name,
        version=VERSION,
        licence=info.licence,
        credentialed=False,
        subsets=subsets,
        read_image=files.read,
        warnings=tuple(warnings),
        locate=files.locate,
    )


def label_prompt(view: str | None, sex: str | None, age: float | None, findings: Sequence[str]) -> str:
    """One sentence a generator can be asked to draw, for data without reports."""
    person = {"M": "man", "F": "woman"}.get(sex or "", "person")
    if age is not None:
        person = f"{age:.0f}-year-old {person}"
    seen = [name.replace("_", " ").lower() for name in findings if name != "No Finding"]
    what = " and ".join(filter(None, [", ".join(seen[:-1]), *seen[-1:]])) or "no acute finding"
    article = "an" if age is not None and f"{age:.0f}".startswith(("8", "11", "18")) and age >= 8 else "a"
    return f"Frontal chest radiograph{f' ({view})' if view else ''} of {article} {person} with {what}."


def _table(path: Path, info: SourceInfo) -> Table:
    for name in TABLES:
        if (path / name).is_file():
            return read_csv(path / name, keep=[alias for aliases in COLUMNS.values() for alias in aliases])
    raise UserError(info.missing(f"{path} holds no {TABLES[1]} (or _v2020)."))


def _list(path: Path, info: SourceInfo) -> list[str]:
    if not path.is_file():
        raise UserError(info.missing(f"{path} does not exist."))
    names = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    refuse(path, "image(s) listed twice", [name for name, count in Counter(names).items() if count > 1])
    return names


def _image_index(path: Path) -> dict[str, str]:
    """File name -> path relative to the root, over images_*/images, images_* and images."""
    index: dict[str, str] = {}
    for folder in sorted([*path.glob("images_*/images"), *path.glob("images_*"), path / "images"]):
        if folder.is_dir():
            relative = folder.relative_to(path).as_posix()
            index |= {entry.name: f"{relative}/{entry.name}" for entry in os.scandir(folder) if entry.is_file()}
    return index


def _case(table: Table, columns: dict[str, str], row: int, image: str, bad: list[str]) -> Case:
    def cell(role: str) -> str:
        return table[columns[role]][row].strip()

    findings = [name.strip() for name in cell("labels").split("|") if name.strip()]
    try:
        labels = nih_labels(findings)
    except ValueError:
        bad.append(f"row {row + 1}")
        labels = {}
    view, sex, age = read_view(cell("view")), read_sex(cell("sex")), read_age(cell("age"))
    return Case(
        id=Path(image).stem,
        patient=str(int(cell("patient"))) if cell("patient").isdigit() else cell("patient"),
        image=image,
        prompt=label_prompt(view, sex, age, findings),
        labels=labels,
        view=view,
        sex=sex,
        age=age,
    )

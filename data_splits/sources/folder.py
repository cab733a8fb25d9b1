"""Any CSV of images: the way in for a user's own data."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from data_splits.case import CHEXPERT_LABELS, Case
from data_splits.consent import MARK
from data_splits.errors import UserError
from data_splits.sources.attribution import attribution
from data_splits.sources.files import ImageFiles, missing_files
from data_splits.sources.labels import Labels, chexpert_name, labels_of_lists, read_label_dict, read_label_value
from data_splits.sources.mask_files import mask_files
from data_splits.sources.tables import (
    Table,
    find_column,
    read_age,
    read_csv,
    read_sex,
    read_view,
    refuse,
    rows,
    safe_id,
)
from data_splits.split import Split

VERSION = "1"

ROLES: Mapping[str, tuple[str, ...]] = {
    "image": ("image", "path", "file", "filename", "image_path", "img_savename", "synthetic_filename", "Image Index"),
    "id": ("id", "case_id"),
    "prompt": ("prompt", "annotated_prompt", "caption", "text", "report", "findings", "impression"),
    "patient": ("patient", "patient_id", "patientID", "subject_id", "subject"),
    "labels": ("labels", "chexpert_labels", "nih_labels", "Finding Labels"),
    "split": ("split", "subset", "partition", "fold"),
    "view": ("view", "view_position", "ViewPosition", "projection"),
    "sex": ("sex", "gender", "patient_sex", "patient_gender"),
    "age": ("age", "patient_age", "age_years"),
    "study": ("study", "study_id"),
    "sha256": ("sha256", "image_sha256"),
    "weight": ("weight", "sample_weight"),
}
"""Role -> column names that are known without being told, best first."""

REQUIRED = ("image",)


def load(
    path: Path,
    *,
    columns: str = "",
    images: str = "",
    subset: str = "test",
    name: str = "",
    licence: str = "",
    credentialed: bool = False,
) -> Split:
    """A split from a CSV file.

    Labels come from columns named after the 14 CheXpert labels (1, 0, -1; empty = unknown), else from one column that
    lists what is present ("Edema|Effusion") or holds a dict. Without a patient column every image counts as its own
    patient, which is said as a warning. A column `weight` says how much an image counts in training. Columns such as
    `mask_heart` name files of outlined structures. The id of a case is its `id` column, else the image name without
    its ending.

    Args:
        path: the CSV, or a folder that holds `cases.csv`.
        columns: columns under other names, "image=path,prompt=text"; see `ROLES` for the names known by themselves.
        images: folder of the images, relative to the CSV; found by itself if it is `images` or the CSV's own folder.
        subset: name of the one subset where the CSV has no split column.
        name: name of the split in records; "folder-" and the folder's name where empty.
        licence: licence and attribution line; the folder's ATTRIBUTION.md where empty.
        credentialed: images and prompts never leave the machine; always so beside a file CREDENTIALED.

    Raises:
        UserError: a missing column or file, a duplicate id, a bad label: listed up to ten, with their number.
    """
    if path.is_dir():
        path = path / "cases.csv"
    credentialed = credentialed or (path.parent / MARK).is_file()
    given = _given_columns(columns)
    table = read_csv(path)
    found = {
        role: find_column(table, role, aliases, required=role in REQUIRED, given=given.get(role))
        for role, aliases in ROLES.items()
    }
    cells = {role: [text.strip() for text in table[column]] for role, column in found.items() if column is not None}
    _refuse_bad_cells(path, cells, credentialed)
    root = _image_root(path, images, cells["image"])
    absent = set(missing_files(root, cells["image"]))
    numbers = [number for number, image in enumerate(cells["image"]) if image in absent]
    shown = rows(numbers) if credentialed else [f"row {number + 1}: {cells['image'][number]}" for number in numbers]
    refuse(path, f"image file(s) missing below {root}", shown)

    labels, warnings = _labels(table, path, found["labels"])
    if "patient" not in cells:
        warnings.append("no patient column: every image counts as its own patient")
    cases, hashes = _cases(cells, labels)
    _refuse_duplicate_ids(path, [case.id for case in cases])
    masks = mask_files(path, table, [case.id for case in cases], root, credentialed)
    subsets: dict[str, list[Case]] = defaultdict(list)
    for case, where in zip(cases, cells.get("split", [subset] * len(cases)), strict=True):
        subsets[where or subset].append(case)
    return Split(
        name=name or f"folder-{safe_id(path.resolve().parent.name if path.stem == 'cases' else path.stem)}",
        version=VERSION,
        licence=licence or attribution(path.resolve().parent) or "not stated (say it with the option licence=...)",
        credentialed=credentialed,
        subsets={key: tuple(sorted(value, key=lambda case: case.id)) for key, value in sorted(subsets.items())},
        read_image=ImageFiles(root, hashes).read,
        image_hashes=hashes,
        options={"columns": dict(sorted(given.items()))} if given else {},
        warnings=tuple(warnings),
        evaluation=_evaluation(subsets),
        locate=ImageFiles(root).locate,
        read_masks=None if masks is None else masks.read,
    )


def _evaluation(subsets: Mapping[str, Sequence[Case]]) -> str:
    return "test" if "test" in subsets else min(subsets)


def _given_columns(columns: str) -> dict[str, str]:
    given = {}
    for part in filter(None, (piece.strip() for piece in columns.split(","))):
        role, equals, column = part.partition("=")
        if not equals or role.strip() not in ROLES:
            raise UserError(f"Option columns is written ROLE=COLUMN,...; roles are {', '.join(ROLES)}. Not: {part!r}.")
        given[role.strip()] = column.strip()
    return given


def _image_root(path: Path, images: str, names: Sequence[str]) -> Path:
    if images:
        root = path.parent / images
        if not root.is_dir():
            raise UserError(f"The image folder {root} does not exist (option images).")
        return root
    candidates = [path.parent / "images", path.parent]
    probe = names[:20]
    return min(candidates, key=lambda root: len(missing_files(root, probe)))


def _refuse_bad_cells(path: Path, cells: Mapping[str, list[str]], credentialed: bool) -> None:
    refuse(path, "empty cell(s) in the image column", rows(i for i, text in enumerate(cells["image"]) if not text))
    for role in ("patient", "split"):
        empty = [i for i, text in enumerate(cells.get(role, ())) if not text]
        refuse(path, f"empty cell(s) in the {role} column", rows(empty))
    lateral = [i for i, text in enumerate(cells.get("view", ())) if read_view(text) == "lateral"]
    refuse(path, "lateral view(s) where frontal ones are needed; remove these rows", rows(lateral))
    bad = [i for i, text in enumerate(cells.get("sha256", ())) if text and len(text) != 64]
    refuse(path, "cell(s) of the sha256 column that are not a sha256", rows(bad))
    heavy = [i for i, text in enumerate(cells.get("weight", ())) if _weight(text) is None]
    refuse(path, "cell(s) of the weight column that are not numbers of at least 0", rows(heavy))
    many = set(cells.get("split", ()))
    if len(many) > 20:
        examples = "" if credentialed else f", such as {min(many)!r}"
        raise UserError(f"{path}: the split column has {len(many)} values{examples}; is it the wrong column?")


def _labels(table: Table, path: Path, list_column: str | None) -> tuple[list[Labels], list[str]]:
    own = {column: name for column in table.columns if (name := _exact_label(column))}
    if own:
        return _labels_of_columns(table, path, own), []
    if list_column is None:
        return [{} for _ in range(len(table))], []
    texts = [text.strip() for text in table[list_column]]
    if any(text.startswith("{") for text in texts):
        return _labels_of_dicts(texts, path, list_column), []
    lists = [[part.strip() for part in text.replace(";", "|").split("|") if part.strip()] for text in texts]
    labels, other = labels_of_lists(lists)
    if other and not any(labels):
        raise UserError(
            f"{path}: the labels column {list_column!r} holds no CheXpert or NIH label; is it the right one?"
        )
    if other:
        return labels, [
            f"{sum(other.values())} label(s) of {len(other)} name(s) have no CheXpert counterpart: left out"
        ]
    return labels, []


def _exact_label(column: str) -> str | None:
    name = chexpert_name(column)
    return name if name is not None and name.replace(" ", "").lower() == _squeeze(column) else None


def _squeeze(text: str) -> str:
    return text.replace(" ", "").replace("_", "").lower()


def _labels_of_columns(table: Table, path: Path, own: Mapping[str, str]) -> list[Labels]:
    labels: list[dict[str, int]] = [{} for _ in range(len(table))]
    bad = []
    for column, name in sorted(own.items(), key=lambda item: CHEXPERT_LABELS.index(item[1])):
        for number, text in enumerate(table[column]):
            try:
                value = read_label_value(text)
            except ValueError:
                bad.append(f"row {number + 1}, column {column}")
                continue
            if value is not None:
                labels[number][name] = value
    refuse(path, "label cell(s) that are not 1, 0, -1 or empty", bad)
    return list(labels)


def _labels_of_dicts(texts: Sequence[str], path: Path, column: str) -> list[Labels]:
    labels: list[Labels] = []
    bad = []
    for number, text in enumerate(texts):
        try:
            labels.append(read_label_dict(text) if text else {})
        except ValueError as error:
            bad.append(f"row {number + 1}: {error}")
    refuse(path, f"cell(s) of the column {column} that cannot be read as labels", bad)
    return labels


def _cases(cells: Mapping[str, list[str]], labels: Sequence[Labels]) -> tuple[list[Case], dict[str, str]]:
    cases, hashes = [], {}
    for number, image in enumerate(cells["image"]):

        def cell(role: str, number: int = number) -> str:
            return cells[role][number] if role in cells else ""

        name = safe_id(cell("id") or str(Path(image).with_suffix("")))
        cases.append(
            Case(
                id=name,
                patient=cell("patient") or name,
                image=image,
                prompt=cell("prompt") or None,
                labels=labels[number],
                view=read_view(cell("view")),
                sex=read_sex(cell("sex")),
                age=read_age(cell("age")),
                study=cell("study") or None,
                weight=1.0 if "weight" not in cells else _weight(cell("weight")) or 0.0,
            )
        )
        if cell("sha256"):
            hashes[name] = cell("sha256").lower()
    return cases, hashes


def _weight(text: str) -> float | None:
    """A weight of at least 0, or None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 <= value < math.inf else None


def _refuse_duplicate_ids(path: Path, ids: Sequence[str]) -> None:
    counts = Counter(ids)
    refuse(path, "duplicate case id(s); ids must be unique", [f"{key}: {n} rows" for key, n in counts.items() if n > 1])

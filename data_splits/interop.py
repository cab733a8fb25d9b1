"""Splits to and from Hugging Face `datasets`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from data_splits.case import CHEXPERT_LABELS, Case
from data_splits.errors import UserError
from data_splits.images.decode import grey
from data_splits.split import GreyImage, Split

if TYPE_CHECKING:
    from datasets import Dataset

UNKNOWN = -2
"""Stored in a label column where the label is unknown (labels are 1, 0 and -1, so that columns stay integers)."""


def to_datasets(split: Split, subset: str, cache_dir: Path | None = None) -> Dataset:
    """A `datasets.Dataset` of a subset: id, patient, study, prompt, view, sex, age, labels, and the image.

    Rows are built one at a time into an Arrow file of lossless PNG (in `cache_dir`, else the cache of `datasets`) that
    is found again for the same manifest; nothing needs torchvision. `info.license` holds the licence;
    `info.description` holds, as JSON, what `from_datasets` needs and, for a credentialed split, that the data set must
    not be uploaded. The conversion itself stays on this machine.

    Raises:
        UserError: no such subset, or an image cannot be read.
    """
    from datasets import Dataset, Features, NamedSplit, Value
    from datasets import Image as ImageFeature

    cases = split.cases(subset)
    features = Features(
        {
            "id": Value("string"),
            "patient": Value("string"),
            "study": Value("string"),
            "prompt": Value("string"),
            "view": Value("string"),
            "sex": Value("string"),
            "age": Value("float64"),
            "labels": {name: Value("int8") for name in CHEXPERT_LABELS},
            "image": ImageFeature(),
        }
    )
    about: dict[str, Any] = {
        "split": split.name,
        "version": split.version,
        "subset": subset,
        "credentialed": split.credentialed,
        "manifest": split.manifest.hash,
    }
    if split.credentialed:
        about["warning"] = "credentialed data: do not upload, push or share this data set"
    dataset = Dataset.from_generator(
        partial(_rows, split, cases),
        features=features,
        cache_dir=None if cache_dir is None else str(cache_dir),
        split=NamedSplit(re.sub(r"\W", "_", subset)),
        fingerprint=hashlib.sha256(f"{split.manifest.hash}/{subset}".encode()).hexdigest()[:32],
    )
    dataset.info.description = json.dumps(about, sort_keys=True)
    dataset.info.license = split.licence
    return dataset


def from_datasets(subsets: Mapping[str, Dataset] | Dataset, *, name: str = "", licence: str = "") -> Split:
    """A split of data sets that have the columns of `to_datasets` (only id and image are needed).

    Args:
        subsets: subset name -> data set, or one data set (its own subset name, else "test").
        name, licence: those of the data set's info where empty.

    Raises:
        UserError: a column is missing, ids repeat, or a patient stands in two subsets.
    """
    if not isinstance(subsets, Mapping):
        subsets = {str(_about(subsets).get("subset", "test")): subsets}
    cases: dict[str, tuple[Case, ...]] = {}
    rows: dict[str, _Row] = {}
    for subset, dataset in subsets.items():
        missing = [column for column in ("id", "image") if column not in dataset.column_names]
        if missing:
            raise UserError(
                f"The data set of subset {subset} has no column {' or '.join(missing)}. It has: "
                f"{', '.join(dataset.column_names)}."
            )
        found = []
        for number, row in enumerate(dataset.remove_columns("image")):
            found.append(_case(row))
            rows[found[-1].id] = _Row(dataset, number)
        cases[subset] = tuple(sorted(found, key=lambda case: case.id))
    first = next(iter(subsets.values()))
    about = _about(first)
    return Split(
        name=name or str(about.get("split") or "datasets"),
        version=str(about.get("version") or "1"),
        licence=licence or str(first.info.license or "not stated"),
        credentialed=bool(about.get("credentialed", False)),
        subsets=cases,
        read_image=partial(_read, rows),
        evaluation="test" if "test" in cases else min(cases),
    )


@dataclass(frozen=True)
class _Row:
    dataset: Any
    number: int


def _read(rows: Mapping[str, _Row], case: Case) -> GreyImage:
    row = rows[case.id]
    image = row.dataset[row.number]["image"]
    return grey(image) if isinstance(image, Image.Image) else np.asarray(image, dtype=np.uint8)


def _rows(split: Split, cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    for case in cases:
        yield _row(split, case)


def _row(split: Split, case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "patient": case.patient,
        "study": case.study,
        "prompt": case.prompt,
        "view": case.view,
        "sex": case.sex,
        "age": case.age,
        "labels": {name: case.labels.get(name, UNKNOWN) for name in CHEXPERT_LABELS},
        "image": Image.fromarray(split.read_image(case)),
    }


def _case(row: Mapping[str, Any]) -> Case:
    labels = row.get("labels") or {}
    return Case(
        id=str(row["id"]),
        patient=str(row.get("patient") or row["id"]),
        prompt=row.get("prompt"),
        labels={name: int(value) for name, value in labels.items() if value not in (None, UNKNOWN)},
        view=row.get("view"),
        sex=row.get("sex"),
        age=row.get("age"),
        study=row.get("study"),
    )


def _about(dataset: Any) -> dict[str, Any]:
    try:
        about = json.loads(dataset.info.description or "{}")
    except ValueError:
        return {}
    return about if isinstance(about, dict) else {}

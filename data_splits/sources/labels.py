"""Label vocabularies, and how they map to the 14 CheXpert names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from data_splits.case import CHEXPERT_LABELS

Labels = Mapping[str, int]

NIH_TO_CHEXPERT: Mapping[str, str | None] = MappingProxyType(
    {
        "No Finding": "No Finding",
        "Atelectasis": "Atelectasis",
        "Cardiomegaly": "Cardiomegaly",
        "Consolidation": "Consolidation",
        "Edema": "Edema",
        "Effusion": "Pleural Effusion",
        "Infiltration": "Lung Opacity",  # loose
        "Mass": "Lung Lesion",
        "Nodule": "Lung Lesion",
        "Pleural_Thickening": "Pleural Other",  # loose
        "Pneumonia": "Pneumonia",
        "Pneumothorax": "Pneumothorax",
        "Emphysema": None,
        "Fibrosis": None,
        "Hernia": None,
    }
)
"""NIH ChestX-ray14 names; None where CheXpert has no counterpart. Three CheXpert names have none in NIH: Enlarged
Cardiomediastinum, Fracture and Support Devices stay unknown."""

_BY_PLAIN_NAME = {re.sub(r"[\s_]+", "", name.lower()): name for name in CHEXPERT_LABELS} | {
    re.sub(r"[\s_]+", "", name.lower()): target for name, target in NIH_TO_CHEXPERT.items() if target
}

_DICT = re.compile(
    r"\{\s*(?:(['\"])[A-Za-z ]+\1\s*:\s*(?:None|null|nan|NaN|-?\d+(?:\.\d*)?)\s*(?:,\s*|(?=\})))*\}", re.ASCII
)
_ITEM = re.compile(r"['\"]([A-Za-z ]+)['\"]\s*:\s*(None|null|nan|NaN|-?\d+(?:\.\d*)?)")


def chexpert_name(name: str) -> str | None:
    """The CheXpert name of a label written in CheXpert or NIH style, in any case, or None."""
    return _BY_PLAIN_NAME.get(re.sub(r"[\s_]+", "", name.lower()))


def read_label_value(text: str) -> int | None:
    """1, 0 or -1 of a cell such as "1", "0.0" or "-1"; None where it is empty, "nan" or "None".

    Raises:
        ValueError: anything else. The message does not hold the cell.
    """
    text = text.strip().lower()
    if text in ("", "nan", "none", "null"):
        return None
    known = {"1": 1, "1.0": 1, "0": 0, "0.0": 0, "-1": -1, "-1.0": -1, "true": 1, "false": 0}
    if text not in known:
        raise ValueError("a label is 1, 0, -1 or empty")
    return known[text]


def read_label_dict(text: str) -> Labels:
    """Labels of a cell that holds a Python or JSON dict, such as "{'Edema': 1.0, 'Fracture': None}".

    Nothing is evaluated: only names and the values 1, 0, -1, None and nan are understood.

    Raises:
        ValueError: another shape, an unknown label name or value. The message does not hold the cell.
    """
    if not _DICT.fullmatch(text.strip()):
        raise ValueError("not a dict of label names and numbers")
    return label_mapping(dict(_ITEM.findall(text)))


def label_mapping(values: Mapping[str, object]) -> Labels:
    """Labels of a mapping from CheXpert names to 1, 0, -1, None or nan; unknown cells are left out.

    Raises:
        ValueError: an unknown name or value.
    """
    labels = {}
    for name, value in values.items():
        if name not in CHEXPERT_LABELS:
            raise ValueError("a label name that CheXpert does not have")
        number = read_label_value("" if value is None else str(value))
        if number is not None:
            labels[name] = number
    return MappingProxyType(labels)


def labels_of_lists(cells: Iterable[Sequence[str]]) -> tuple[list[Labels], Counter[str]]:
    """Labels of rows that each list what is present, in CheXpert or NIH names.

    A name that some row lists is 0 in the rows that do not; a name that no row lists is unknown everywhere.

    Returns:
        labels of each row, and how often each name without a CheXpert counterpart occurs.
    """
    present: list[set[str]] = []
    other: Counter[str] = Counter()
    for names in cells:
        found = set()
        for name in names:
            target = chexpert_name(name)
            if target is None:
                other[name] += 1
            else:
                found.add(target)
        present.append(found)
    used = sorted(set().union(*present)) if present else []
    return [MappingProxyType({name: int(name in found) for name in used}) for found in present], other


def nih_labels(names: Sequence[str]) -> Labels:
    """Labels of an NIH row: the 11 CheXpert names that NIH covers, 1 or 0.

    Raises:
        ValueError: a name that NIH ChestX-ray14 does not have.
    """
    if not set(names) <= set(NIH_TO_CHEXPERT):
        raise ValueError("a label that NIH ChestX-ray14 does not have")
    present = {NIH_TO_CHEXPERT[name] for name in names}
    covered = dict.fromkeys(target for target in NIH_TO_CHEXPERT.values() if target)
    return MappingProxyType({name: int(name in present) for name in CHEXPERT_LABELS if name in covered})

"""Has the model seen the data it is asked about?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaderboards.library.paths import text_of
from leaderboards.records.schema import ResultRecord

ALIASES: dict[str, tuple[str, ...]] = {
    "mimic": ("mimic-cxr", "mimic-cxr-jpg", "mimic", "roentgen", "llm-cxr"),
    "nih": ("nih-chestxray14", "chestx-ray14", "chestxray14", "chestx-ray8", "nih-cxr"),
    "openi": ("iu-xray", "openi", "indiana"),
    "chexpert": ("chexpert", "chexpert-plus"),
    "padchest": ("padchest",),
    "vindr": ("vindr-cxr", "vindr"),
    "mirb": ("mirb", "mirb-procedural"),
    "phantom": ("phantom",),
}
"""One data set, and the names under which cards and splits mention it."""


def flags(record: ResultRecord) -> list[str]:
    """What a reader must know of a record's training data; empty if the card says that it shares none with the split.

    The card is the submitter's word. A generator of chest radiographs is expected to be trained on the split's training
    part, so that is a fact to show beside its row, not a reason to refuse it.
    """
    if not _declared(record):
        # A control that computes its images has no weights to train.
        return [] if record.model.get("parameters") == 0 else ["the card declares no training data"]
    return shared(record)


def shared(record: ResultRecord) -> list[str]:
    """Declared training data that the split is drawn from, a sentence each; empty if there is none."""
    split = text_of(record.split, "name")
    mine = set(_datasets(split)) or {_plain(split)}
    subset = text_of(record.split, "subset")
    found = []
    for name in _declared(record):
        if not mine & (set(_datasets(name)) or {_plain(name)}):
            continue
        data, _, part = name.partition("/")
        if part and part == subset:
            found.append(f"trained on the {part} part of {data}, which is what it is asked about")
        elif part:
            found.append(f"trained on the {part} part of {data}, which the split {split} is drawn from")
        else:
            found.append(f"trained on {name}, which the split {split} is drawn from")
    return found


def _declared(record: ResultRecord) -> list[str]:
    held = record.model.get("training_data")
    return [str(each) for each in held] if isinstance(held, list | tuple) else []


def _datasets(name: str) -> Iterator[str]:
    plain = _plain(name)
    for dataset, aliases in ALIASES.items():
        if any(re.search(rf"(?:^|-){re.escape(_plain(alias))}(?:-|$)", plain) for alias in aliases):
            yield dataset


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")

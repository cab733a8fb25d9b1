"""Real images with planted faults, for `benchmarks.bads`: swapped reports, or a finding that became rare."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.case import CHEXPERT_LABELS
from data_splits.integrity import write_text

META = 60
"""Trusted images, of patients that the training set does not have."""

SWAPPED = 0.5
"""Share of the training images that take part in the swap; some get labels equal to their own."""

RARE = 12
"""Positives that are left."""

RARE_LABEL = {"nih": "Pneumonia", "phantom": "Pleural Effusion"}


@dataclass(frozen=True)
class Planted:
    """A folder split with the subsets train (faulty), clean (train without the faulty images), meta and test.

    Attributes:
        path: of cases.csv. flags: id of a training image -> its labels are wrong (swapped), or it is of the rare kind.
    """

    path: Path
    flags: dict[str, bool]


def plant(
    source: Path, fault: str, name: str, seed: int, folder: Path, trusted: int = META, share: float = SWAPPED
) -> Planted:
    """Write the split.

    "swapped": the labels and the prompt of half of the training images are dealt out anew among them, as if reports had
    been linked to the wrong image. "rare": all but 12 images with the finding are taken out of the training set; only
    that label is left.

    Args:
        source: cases.csv with the subsets train and test. name: "nih" or "phantom". seed: of meta set and fault.
        trusted: images of the meta set, at most. share: of the training images that take part in a swap.
    """
    with source.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    root = source.parent / "images"
    for row in rows:
        row["image"] = str((root / row["image"]).resolve())
        row["id"] = Path(row["image"]).stem
    rng = np.random.default_rng([seed, 8])
    train = [row for row in rows if row["split"] == "train"]
    meta = _first_patients(train, rng, trusted)
    for row in meta:
        row["split"] = "meta"
    train = [row for row in train if row["split"] == "train"]
    labels = [label for label in CHEXPERT_LABELS if label in rows[0]]
    if fault == "rare":
        only = RARE_LABEL[name]
        for row in rows:
            for label in labels:
                row[label] = row[label] if label == only else ""
        positive = [row for row in train if row[only] == "1"]
        for place in rng.permutation(len(positive))[RARE:]:
            positive[place]["split"] = ""
        train = [row for row in train if row["split"] == "train"]
        flags = {row["id"]: row[only] == "1" for row in train}
        clean: list[dict[str, str]] = []
    else:
        flags = _swapped(train, labels, rng, share)
        clean = [{**row, "id": f"clean-{row['id']}", "split": "clean"} for row in train if not flags[row["id"]]]
    kept = [row for row in (*rows, *clean) if row["split"]]
    # a patient may stand in one subset only, so the clean copy is a file of its own
    path = folder / "cases.csv"
    _write([row for row in kept if row["split"] != "clean"], path)
    if clean:
        _write([{**row, "split": "train"} for row in clean] + [row for row in kept if row["split"] in ("meta", "test")],
               folder / "clean" / "cases.csv")  # fmt: skip
    write_text(folder / "ATTRIBUTION.md", (source.parent.parent / "ATTRIBUTION.md").read_text("utf-8")
               if (source.parent.parent / "ATTRIBUTION.md").is_file() else "generated\n")  # fmt: skip
    return Planted(path, flags)


def _first_patients(train: list[dict[str, str]], rng: np.random.Generator, trusted: int) -> list[dict[str, str]]:
    """Images of patients drawn at random until there are so many."""
    patients = sorted({row["patient_id"] for row in train})
    chosen: list[dict[str, str]] = []
    for place in rng.permutation(len(patients)):
        own = [row for row in train if row["patient_id"] == patients[place]]
        if len(chosen) + len(own) <= trusted:
            chosen += own
    return chosen


def _swapped(train: list[dict[str, str]], labels: list[str], rng: np.random.Generator, share: float) -> dict[str, bool]:
    what = [*labels, *(name for name in ("prompt", "nih_labels") if name in train[0])]
    taking = np.flatnonzero(rng.random(len(train)) < share)
    given = [{name: train[place][name] for name in what} for place in rng.permutation(taking)]
    flags = dict.fromkeys((row["id"] for row in train), False)
    for place, new in zip(taking, given, strict=True):
        row = train[place]
        flags[row["id"]] = any(row[label] != new[label] for label in labels)
        row.update(new)
    return flags


def _write(rows: list[dict[str, str]], path: Path) -> None:
    table = io.StringIO()
    names = list(rows[0])
    names = ["id", *(name for name in names if name not in ("id", "sha256", "nih_labels"))]
    writer = csv.DictWriter(table, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, table.getvalue())


def auroc(score: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Share of (true, other) pairs in the right order, ties one half."""
    above = score[truth][:, None] - score[~truth][None]
    return float(((above > 0) + 0.5 * (above == 0)).mean())

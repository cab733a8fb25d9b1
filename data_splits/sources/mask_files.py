"""Masks of anatomical structures as image files beside a split's images: columns `mask_<name>` of its CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_splits.case import Case
from data_splits.images import read_image
from data_splits.sources.files import missing_files
from data_splits.sources.tables import Table, refuse, rows

PREFIX = "mask_"


@dataclass(frozen=True)
class MaskFiles:
    """Masks below a root folder.

    Attributes:
        root: names are relative to it. names: case id -> structure -> file name.
    """

    root: Path
    names: Mapping[str, Mapping[str, str]] = field(repr=False)

    def read(self, case: Case) -> dict[str, NDArray[np.bool_]]:
        """Structure -> bool[height, width]: what is not black is inside. Structures without a file are left out.

        Raises:
            ImageUnreadable: a file cannot be decoded.
        """
        return {name: read_image(self.root / file) > 0 for name, file in self.names.get(case.id, {}).items()}


def mask_files(path: Path, table: Table, ids: Sequence[str], images: Path, credentialed: bool) -> MaskFiles | None:
    """The masks that a CSV names, or None where it has no such column.

    A mask shows the same field of view as its image (any size); an empty cell says that this structure was not
    outlined in this image. Files lie in the folder `masks`, beside the images, or beside the CSV.

    Args:
        path: of the CSV. table: its cells. ids: case ids by row. images: folder of the images.
        credentialed: name rows, not files, in messages.

    Raises:
        UserError: a file is missing.
    """
    columns = {column.removeprefix(PREFIX): column for column in table.columns if column.startswith(PREFIX)}
    columns = {name: column for name, column in columns.items() if name}
    if not columns:
        return None
    cells = {name: [text.strip() for text in table[column]] for name, column in sorted(columns.items())}
    probe = [file for files in cells.values() for file in files[:20] if file]
    root = min((path.parent / "masks", images, path.parent), key=lambda each: len(missing_files(each, probe)))
    absent = set(missing_files(root, [file for files in cells.values() for file in files if file]))
    bad = [(row, file) for files in cells.values() for row, file in enumerate(files) if file in absent]
    shown = rows([row for row, _ in bad]) if credentialed else [f"row {row + 1}: {file}" for row, file in bad]
    refuse(path, f"mask file(s) missing below {root}", shown)
    return MaskFiles(
        root, {ids[row]: {name: files[row] for name, files in cells.items() if files[row]} for row in range(len(ids))}
    )

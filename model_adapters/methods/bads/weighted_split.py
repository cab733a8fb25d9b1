"""A weighted split on disk: `cases.csv` with a weight column, which `--split folder:PATH` reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from data_splits.case import CHEXPERT_LABELS, Case
from data_splits.integrity import atomic_write, sha256_bytes, write_text
from data_splits.materialise import COLUMNS
from data_splits.split import Split


def write_weighted_split(
    rows: Sequence[tuple[Split, Case, float]], originals: Mapping[str, Case], folder: Path
) -> Path:
    """Write `cases.csv` (subset "train") and `ATTRIBUTION.md`; images stay where they are.

    An image that has a file is named by its full path; one that is rendered is written to `images/<id>.png`.

    Args:
        rows: split, case and weight. originals: case id -> the case as its split knows it, where the id was changed.

    Returns:
        the path of cases.csv.
    """
    table = io.StringIO()
    writer = csv.DictWriter(table, (*COLUMNS, "weight"), lineterminator="\n")
    writer.writeheader()
    for split, case, weight in rows:
        original = originals.get(case.id, case)
        image, sha256 = _image(split, original, case.id, folder)
        writer.writerow(
            {
                "id": case.id, "image": image, "patient_id": case.patient, "study": case.study or "",
                "age": "" if case.age is None else f"{case.age:g}", "sex": case.sex or "", "view": case.view or "",
                **{name: case.labels.get(name, "") for name in CHEXPERT_LABELS},
                "prompt": case.prompt or "", "split": "train", "sha256": sha256, "weight": f"{weight:.6g}",
            }
        )  # fmt: skip
    licences = dict.fromkeys(split.licence for split, _, _ in rows)
    write_text(folder / "ATTRIBUTION.md", "".join(f"{each}\n" for each in licences))
    write_text(folder / "cases.csv", table.getvalue())
    return folder / "cases.csv"


def _image(split: Split, case: Case, name: str, folder: Path) -> tuple[str, str]:
    """What stands in the columns image and sha256."""
    if split.locate is not None:
        return str(split.locate(case).resolve()), split.image_hashes.get(case.id, "")
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(split.read_image(case)).save(buffer, "PNG", compress_level=6)
    with atomic_write(folder / "images" / f"{name}.png") as stream:
        stream.write(buffer.getvalue())
    return str(Path("images") / f"{name}.png"), sha256_bytes(buffer.getvalue())

"""Write a split as PNG files and a `cases.csv` that the folder source reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from PIL import Image

from data_splits.case import CHEXPERT_LABELS, Case
from data_splits.consent import MARK, require_consent
from data_splits.integrity import atomic_write, sha256_bytes, write_text
from data_splits.split import Split

COLUMNS = ("id", "image", "patient_id", "study", "age", "sex", "view", *CHEXPERT_LABELS, "prompt", "split", "sha256")


def materialise(
    split: Split,
    folder: Path,
    *,
    include_credentialed: bool = False,
    progress: Callable[[Iterable[Case], int], Iterator[Case]] | None = None,
) -> Path:
    """Write `folder/cases.csv`, `folder/images/<id>.png` and, with the licence, `folder/ATTRIBUTION.md`.

    A credentialed split leaves its mark there, which the folder source heeds without being told.

    The same split gives the same bytes (for one version of Pillow). An image that is already there is written again
    only if it differs.

    Returns:
        the path of cases.csv, for `--split folder:PATH`.

    Raises:
        UserError: the split is credentialed and that was not allowed by name; an image cannot be read.
    """
    require_consent(split, include_credentialed, "building image files")
    cases = [(subset, case) for subset in sorted(split.subsets) for case in split.subsets[subset]]
    where = {case.id: subset for subset, case in cases}
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    plain = [case for _, case in cases]
    for case in progress(plain, len(plain)) if progress else plain:
        data = _png(split, case)
        path = folder / "images" / f"{case.id}.png"
        if not (path.is_file() and path.read_bytes() == data):
            with atomic_write(path) as stream:
                stream.write(data)
        writer.writerow(_row(case, where[case.id], sha256_bytes(data)))
    write_text(folder / "ATTRIBUTION.md", f"{split.licence}\n")
    if split.credentialed:
        write_text(folder / MARK, "From a credentialed data set: images and prompts never leave this machine.\n")
    write_text(folder / "cases.csv", table.getvalue())
    return folder / "cases.csv"


def _png(split: Split, case: Case) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(split.read_image(case)).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _row(case: Case, subset: str, sha256: str) -> dict[str, object]:
    return {
        "id": case.id,
        "image": f"{case.id}.png",
        "patient_id": case.patient,
        "study": case.study or "",
        "age": "" if case.age is None else f"{case.age:g}",
        "sex": case.sex or "",
        "view": case.view or "",
        **{name: case.labels.get(name, "") for name in CHEXPERT_LABELS},
        "prompt": case.prompt or "",
        "split": subset,
        "sha256": sha256,
    }

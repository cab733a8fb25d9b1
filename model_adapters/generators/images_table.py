"""Reading a table of finished images: which columns, which files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data_splits.errors import UserError

COLUMNS = {
    "id": ("case_id", "id", "image_id"),
    "prompt": ("annotated_prompt", "prompt", "caption"),
    "image": ("img_savename", "synthetic_filename", "image", "image_path", "filename", "file", "path"),
}
"""Known spellings, in order of preference. The published benchmark uses img_savename, synthetic_filename, prompt and
annotated_prompt in different places (references 2.1, defect 5)."""

PUBLISHED_TABLE = "generations_with_metadata.csv"
PUBLISHED_PREFIX = "SyntheticImg_"
SUFFIXES = (".png", ".jpg", ".jpeg", ".dcm")


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One finished image. `number` is its line in the table (the header is line 1), or its place in a folder."""

    number: int
    file: Path
    case_id: str | None = None
    prompt: str | None = None
    draw: int | None = None


def read_rows(table: Path, columns: Mapping[str, str], images_root: str) -> list[ImageRow]:
    """The rows of a CSV, or of a folder: of the one CSV in it, else of its files, named after the cases.

    Args:
        table: CSV file or folder.
        columns: "id", "prompt", "image" -> the user's own column name, or "" to look for the known ones.
        images_root: where relative file names start; "" for the folder of the CSV. Its `images` folder is tried too.

    Raises:
        UserError: no such file, no such column, no row, or files that are not there (listed).
    """
    if table.is_dir():
        tables = sorted(table.glob("*.csv"))
        chosen = [each for each in tables if each.name == PUBLISHED_TABLE] or tables
        if len(chosen) > 1:
            raise UserError(f"{table} holds several CSV files. Name the one to use: --model images:{chosen[0]}")
        if not chosen:
            return _folder_rows(table)
        table = chosen[0]
    if not table.is_file():
        raise UserError(f"No such file: {table}. Use --model images:FILE.csv or images:FOLDER.")
    rows = _csv_rows(table, columns, Path(images_root).expanduser() if images_root else table.parent)
    gone = [row for row in rows if not row.file.is_file()]
    if gone:
        shown = ", ".join(f"line {row.number}: {row.file.name}" for row in gone[:5])
        raise UserError(
            f"{len(gone)} of {len(rows)} image files of {table.name} are not in {gone[0].file.parent} ({shown}). "
            "Point to their folder with --model-option images_root=FOLDER."
        )
    return rows


def _folder_rows(folder: Path) -> list[ImageRow]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise UserError(f"{folder} holds neither a CSV file nor images ({', '.join(SUFFIXES)}).")
    return [
        ImageRow(number, file, case_id=file.stem.removeprefix(PUBLISHED_PREFIX)) for number, file in enumerate(files, 1)
    ]


def _csv_rows(table: Path, columns: Mapping[str, str], root: Path) -> list[ImageRow]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            header = [name for name in (reader.fieldnames or []) if name]
            names = {kind: _column(kind, columns[kind], header, table) for kind in COLUMNS}
            if names["image"] is None or (names["id"] is None and names["prompt"] is None):
                raise UserError(
                    f"{table.name} has the columns {', '.join(header) or '(none)'}; needed are an image column "
                    f"({', '.join(COLUMNS['image'])}) and an id ({', '.join(COLUMNS['id'])}) or prompt column "
                    f"({', '.join(COLUMNS['prompt'])}). Name your own with --model-option image_column=NAME."
                )
            rows = [_row(number, line, names, root, table) for number, line in enumerate(reader, 2)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{table} is not a CSV file in UTF-8. Save it as one.") from error
    if not rows:
        raise UserError(f"{table} has no rows.")
    return rows


def _column(kind: str, wanted: str, header: list[str], table: Path) -> str | None:
    if wanted:
        if wanted not in header:
            raise UserError(f"{table.name} has no column {wanted!r}; it has {', '.join(header)}.")
        return wanted
    return next((name for name in COLUMNS[kind] if name in header), None)


def _row(number: int, line: dict[str, str], names: Mapping[str, str | None], root: Path, table: Path) -> ImageRow:
    def cell(kind: str) -> str | None:
        column = names.get(kind)
        value = line.get(column) if column else None
        return value if value else None

    file = cell("image")
    if file is None:
        raise UserError(f"Line {number} of {table.name} names no image file.")
    draw = line.get("draw")
    if draw and not draw.isdigit():
        raise UserError(f"Line {number} of {table.name}: the column 'draw' must hold 0, 1, 2, ...")
    beside, below = root / file, root / "images" / file
    path = below if not beside.exists() and below.exists() else beside
    return ImageRow(number, path, cell("id"), cell("prompt"), int(draw) if draw else None)

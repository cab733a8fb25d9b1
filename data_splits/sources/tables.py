"""Reading a source's tables so that what is wrong with them is said exactly, and cell contents never are."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_splits.errors import UserError

SHOWN = 10
"""How many problems an error lists; the rest are counted."""

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Table:
    """A CSV as text cells, column by column.

    The standard library's reader is used: it says in which line a row is too short or too long, where pandas pads in
    silence, it keeps every cell as it is written, and a small file is read before pandas would be imported.
    """

    path: Path
    cells: Mapping[str, list[str]]
    header: tuple[str, ...]
    count: int

    @property
    def columns(self) -> list[str]:
        """Names of the columns held, in file order."""
        return list(self.cells)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, column: str) -> list[str]:
        return self.cells[column]


def read_csv(path: Path, keep: Collection[str] | None = None) -> Table:
    """Read a CSV (or .tsv) of UTF-8 text.

    Args:
        path: the file.
        keep: names (as for `find_column`) of the columns to hold in memory; all where None. Errors still list all.

    Raises:
        UserError: missing, empty, not UTF-8, a column name twice, or a row of another length than the header.
    """
    csv.field_size_limit(16 * 1024 * 1024)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter="\t" if path.suffix == ".tsv" else ",", strict=True)
            header = [name.strip() for name in next(reader, [])]
            if not header:
                raise UserError(f"{path} is empty.")
            twice = sorted({name for name in header if header.count(name) > 1})
            if twice:
                raise UserError(f"{path} has two columns called {shown_name(twice[0])!r}.")
            wanted = None if keep is None else {_plain(name) for name in keep}
            kept = [i for i, name in enumerate(header) if wanted is None or _plain(name) in wanted]
            cells: list[list[str]] = [[] for _ in kept]
            count = 0
            for row in reader:
                if len(row) != len(header):
                    if not row:
                        continue
                    raise UserError(
                        f"{path}, line {reader.line_num}: {len(row)} cells where the header has {len(header)}. "
                        "Look for an unquoted comma or an unclosed quote."
                    )
                count += 1
                for column, index in zip(cells, kept, strict=True):
                    column.append(row[index])
    except FileNotFoundError:
        raise UserError(f"{path} does not exist.") from None
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: not a well-formed CSV ({error}).") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None
    if not count:
        raise UserError(f"{path} has a header but no rows.")
    return Table(path, dict(zip((header[i] for i in kept), cells, strict=True)), tuple(header), count)


def find_column(
    table: Table, role: str, aliases: Sequence[str], *, required: bool = True, given: str | None = None
) -> str | None:
    """The name of the column that plays a role.

    Args:
        table: the table.
        role: what it is called in messages, for example "prompt".
        aliases: names to look for, best first; case, spaces and underscores do not matter.
        required: raise where there is none.
        given: the name the user gave; it must exist exactly.

    Raises:
        UserError: naming the file, what was looked for, what there is and the nearest name.
    """
    columns = table.columns
    if given is not None:
        if given in columns:
            return given
        near = difflib.get_close_matches(given, columns, n=1, cutoff=0.6)
        hint = f"Did you mean {shown_name(near[0])!r}?" if near else f"It has: {_few(table.header)}."
        raise UserError(f"{table.path} has no column {given!r} (asked for as {role}). {hint}")
    plain = {_plain(column): column for column in reversed(columns)}
    for alias in aliases:
        if _plain(alias) in plain:
            return plain[_plain(alias)]
    if not required:
        return None
    raise UserError(
        f"{table.path} has no column for {role} (looked for {', '.join(aliases)}). It has: {_few(table.header)}."
    )


def require_columns(table: Table, needed: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Role -> column name for several roles at once; one error lists all that are missing."""
    found: dict[str, str] = {}
    missing = []
    for role, aliases in needed.items():
        column = find_column(table, role, aliases, required=False)
        if column is None:
            missing.append(f"{role} ({' or '.join(aliases)})")
        else:
            found[role] = column
    if missing:
        raise UserError(
            f"{table.path} lacks {len(missing)} column(s): {'; '.join(missing)}. It has: {_few(table.header)}."
        )
    return found


def refuse(path: Path | str, what: str, problems: Sequence[str]) -> None:
    """Raise one UserError for a list of problems of a kind; do nothing where there is none."""
    if problems:
        rest = f"\n  ... and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        listed = "".join(f"\n  {problem}" for problem in problems[:SHOWN])
        raise UserError(f"{path}: {len(problems)} {what}:{listed}{rest}")


def rows(numbers: Iterable[int]) -> list[str]:
    """ "row N" for row indices that start at 0 (the header is not counted)."""
    return [f"row {number + 1}" for number in numbers]


def safe_id(text: str) -> str:
    """A case id from a path or name: only letters, digits and `._-`."""
    return UNSAFE.sub("_", text).strip("_") or "_"


def read_age(text: str) -> float | None:
    """Years from "58", "058Y" or "18M" (months); None where it is empty, no number, or beyond 0 to 120."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([YMWD]?)\s*", text.upper())
    if not match:
        return None
    years = float(match.group(1)) / {"": 1, "Y": 1, "M": 12, "W": 52.18, "D": 365.25}[match.group(2)]
    return round(years, 2) if years <= 120 else None


def read_sex(text: str) -> str | None:
    """ "M" or "F" from M, F, male, female in any case, else None."""
    return {"m": "M", "male": "M", "man": "M", "f": "F", "female": "F", "woman": "F"}.get(text.strip().lower())


FRONTAL_VIEWS = {"AP": "AP", "PA": "PA", "ANTEROPOSTERIOR": "AP", "POSTEROANTERIOR": "PA", "AP PORTABLE": "AP"}
LATERAL_VIEWS = frozenset({"L", "LL", "RL", "LAT", "LATERAL"})


def read_view(text: str) -> str | None:
    """ "AP", "PA", "lateral", or None where nothing is said."""
    view = text.strip().upper().replace("-", "").replace("_", " ")
    return "lateral" if view in LATERAL_VIEWS else FRONTAL_VIEWS.get(view)


def _plain(name: str) -> str:
    return re.sub(r"[\s_#-]+", "", name.lower())


def _few(columns: Sequence[str]) -> str:
    shown = ", ".join(shown_name(column) for column in columns[:25])
    return shown + (f" and {len(columns) - 25} more" if len(columns) > 25 else "")


def shown_name(column: str) -> str:
    """A column name as a message may show it: a file without a header has text of its first row in this place."""
    return column if re.fullmatch(r"[A-Za-z0-9_ #-]{1,30}", column) else "(a long or odd name)"

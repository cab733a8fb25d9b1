"""Every published table that the suite ships: benchmarks and methods, each number with source, tag and warnings."""

from __future__ import annotations

import json
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from data_splits.errors import UserError
from leaderboards.reference import mirb
from leaderboards.reference.schema import FLAG, PublishedRow, PublishedTable

FOLDER = "tables"


@cache
def tables() -> tuple[PublishedTable, ...]:
    """All tables: CheXGenBench, MIRB, then methods; within them by file and in the order of the file."""
    folder = files("leaderboards.reference").joinpath(FOLDER)
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".json"))
    found = [_table(raw) for name in names for raw in json.loads(folder.joinpath(name).read_text("utf-8"))]
    order = ("chexgenbench", "mirb", "methods")
    return tuple(sorted((*_mirb(), *found), key=lambda table: order.index(table.benchmark)))


def table(identifier: str) -> PublishedTable:
    """The table of this id.

    Raises:
        UserError: there is none.
    """
    known = {each.id: each for each in tables()}
    if identifier not in known:
        near = get_close_matches(identifier, known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}."
        raise UserError(f"No published table {identifier!r}; {hint}")
    return known[identifier]


def _table(raw: dict[str, Any]) -> PublishedTable:
    """A table of a file: cells are listed in the order of the columns, null where nothing was printed.

    `column_flags` (column -> flags) are warnings about every number of a column; `directions` may be one for all
    columns; `source` and `tag` of the table stand for rows that have none of their own.
    """
    if isinstance(raw.get("directions"), str):
        raw["directions"] = dict.fromkeys(raw["columns"], raw["directions"])
    column_flags: dict[str, list[str]] = raw.pop("column_flags", {})
    tag = raw.pop("tag", None)
    rows = []
    for row in raw.pop("rows"):
        cells = row.pop("cells")
        if len(cells) != len(raw["columns"]):
            raise ValueError(f"{row['model']} in {raw['id']}: {len(cells)} cells under {len(raw['columns'])} columns")
        printed = {name: cell for name, cell in zip(raw["columns"], cells, strict=True) if cell is not None}
        flags = {name: tuple(each) for name, each in row.pop("cell_flags", {}).items()}
        for name, each in column_flags.items():
            if name in printed:
                flags[name] = (*flags.get(name, ()), *each)
        rows.append({"source": raw["source"], "tag": tag, **row, "printed": printed, "cell_flags": flags})
    return PublishedTable.model_validate({**raw, "rows": rows})


def _mirb() -> tuple[PublishedTable, ...]:
    """The table that `mirb published` shows, with third parties' numbers in a table of their own."""
    reference = mirb.load()
    found = []
    for tier, name, title in (
        ("published", "mirb", "MIRB by category and overall"),
        ("third-party", "mirb-third-party", "MIRB overall, printed by others"),
    ):
        own = tier == "published"
        columns = reference.columns if own else ("average",)
        rows = tuple(
            PublishedRow(
                model=row.model,
                # The authors print two decimals throughout; others print one or two.
                printed={key: f"{value:.2f}" if own else repr(value) for key, value in row.values.items()},
                source=row.source,
                tag="V" if own else "U",
                flags=row.flags,
            )
            for row in reference.rows
            if row.tier == tier
        )
        used = {flag for row in rows for flag in row.flags}
        flags = {key: text for key, text in reference.flags.items() if key in used}
        warnings: tuple[str, ...] = ("contamination",)
        flags["contamination"] = reference.flags["contamination"]
        if not own:
            warnings = (FLAG, "contamination")
            flags[FLAG] = "Copied from a third party, not checked."
        found.append(
            PublishedTable(
                id=name,
                title=title,
                benchmark="mirb",
                protocol=reference.protocol,
                unit=reference.unit,
                columns=columns,
                directions=dict.fromkeys(columns, "higher"),
                source=reference.source if own else "pages and papers of others, named in each row",
                warnings=warnings,
                flags=flags,
                mean_of={"average": ("knowledge", "reasoning", "perception", "multi-hop")} if own else {},
                rows=rows,
            )
        )
    return tuple(found)

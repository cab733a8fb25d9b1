"""Tables on disk: Parquet of fixed columns and types, the same rows to the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import atomic_write

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = "1"
"""Of the columns below; a board of another version is built again."""

KEY = "benchmark protocol protocol_hash split version subset split_hash cases"

COLUMNS: dict[str, str] = {
    "cohorts": f"cohort {KEY} licence credentialed:b records:i metrics:l not_applicable",
    "models": "cohort record name tier origin kind source revision licence parameters:i training_data:l notes:l "
    "settings verified:b control:b seen:b run_seed:i samples_hash encoders:l statistics:l certificates:l warnings:l "
    "n_unreadable:i command",
    "results": f"cohort {KEY} record model tier metric base encoder family group group_kind group_value variant "
    "value:f low:f high:f se:f level:f n_generated:i n_reference:i n_patients:i direction unit estimator method "
    "parameters statistics reason interval_reason extra",
    "standings": "cohort metric group record value:f place:i letters best:i worst:i top:b contenders:i tested:f",
    "pairs": "cohort metric group direction unit a b difference:f low:f high:f se:f p:f p_holm:f effect_size:f "
    "paired:b n_a:i n_b:i method reason",
    "ranks": "cohort scope record place:i mean_rank:f borda:f strength:f low:i high:i p_first:f kendall_tau:f "
    "on_front:b metrics:l",
    "left_out": "cohort scope metric order:l moved:b",
    "fronts": "cohort plot x y x_direction y_direction record x_value:f x_low:f x_high:f y_value:f y_low:f y_high:f "
    "cost:f on_front:b on_front_with_cost:b",
    "methods": "study tier origin method title question base data:l licences:l credentialed:b reconstructed:l notes:l "
    "command revision machine place:i arm role settings:l seeds:i budget:l labelled:i trainable:i seconds:f "
    "memory_mb:f task metric direction unit value:f low:f high:f n:i per records:l reason against difference:f "
    "difference_low:f difference_high:f certified:f bound predictor certified_n:i price nats:f delta:f loss seen:f "
    "declared:l test_set:f test_set_n:i",
    "published": "table title benchmark protocol unit column direction row:i model printed value:f mean_of_cells:f "
    "source tag tag_meaning flags:l warnings:l own_flags:l tier",
    "protocols": "benchmark protocol title kind against text",
}
"""Table -> its columns: text, or after a colon b(ool), f(loat), i(nteger), l(ist of text)."""


def names(table: str) -> list[str]:
    """Columns of a table, in order."""
    return [word.partition(":")[0] for word in COLUMNS[table].split()]


def schema(table: str) -> pa.Schema:
    """The Arrow schema of a table."""
    import pyarrow as pa

    types = {"": pa.string(), "b": pa.bool_(), "f": pa.float64(), "i": pa.int64(), "l": pa.list_(pa.string())}
    parts = [word.partition(":") for word in COLUMNS[table].split()]
    return pa.schema([(name, types[kind]) for name, _, kind in parts], {"board": VERSION})


def write(folder: Path, table: str, rows: Iterable[dict[str, Any]]) -> int:
    """Write a table and return its number of rows.

    Raises:
        ValueError: a row with other columns. UserError: the disk is full.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    held = list(rows)
    expected = set(names(table))
    for row in held:
        if row.keys() != expected:
            raise ValueError(f"a row of {table} has other columns: {sorted(row.keys() ^ expected)}")
    made = pa.Table.from_pylist(held, schema(table))
    with atomic_write(folder / f"{table}.parquet") as stream:
        pq.write_table(made, stream, compression="zstd", write_statistics=False, store_schema=True)
    return len(held)


def read(folder: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table.

    Raises:
        UserError: it is missing, of another version, or no Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{table}.parquet"
    if not path.is_file():
        raise UserError(f"{folder} holds no {path.name}. Make it with `leaderboards build --output {folder}`.")
    try:
        found = pq.read_table(path, memory_map=False)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} is not a table of the board. Run `leaderboards build` again.") from error
    if (
        not found.schema.equals(schema(table), check_metadata=False)
        or (found.schema.metadata or {}).get(b"board") != VERSION.encode()
    ):
        raise UserError(f"{path} was made by another version. Run `leaderboards build` again.")
    return found.to_pylist()

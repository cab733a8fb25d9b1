"""A board in memory: the tables of a build, indexed the way pages ask for them, every text of a record cleaned."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from leaderboards.boards import store

Row = dict[str, Any]

LONGEST_NAME = 60
"""Characters of a model's name that are shown."""
SEARCHED = ("name", "source", "tier", "kind", "origin", "licence")
"""What a search looks through, besides the training data."""


def clean(text: str) -> str:
    """A text without control, format and private characters: none can reorder, hide or forge what follows it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("�" if unicodedata.category(each)[0] == "C" else each for each in text)


class Board:
    """Tables and their indexes.

    Args:
        tables: table -> rows, with the columns of `store.COLUMNS`.
    """

    def __init__(self, tables: Mapping[str, Iterable[Row]]) -> None:
        self._tables = {name: [_cleaned(row) for row in tables[name]] for name in store.COLUMNS}
        for row in self._tables["models"]:
            row["name"] = _short(row["name"])
            row["search"] = " ".join((*(row[key] for key in SEARCHED), *row["training_data"])).casefold()
        # Lists, so that an inner loop over one cohort never walks the others.
        self._by_cohort = {
            name: _grouped(self._tables[name], "cohort")
            for name in ("models", "results", "standings", "pairs", "ranks", "left_out", "fronts")
        }

    @classmethod
    def read(cls, folder: Path) -> Board:
        """The board that `leaderboards build` wrote.

        Raises:
            UserError: a table is missing or of another version.
        """
        return cls({name: store.read(folder, name) for name in store.COLUMNS})

    @property
    def cohorts(self) -> list[Row]:
        """Cohorts in the order of the build."""
        return self._tables["cohorts"]

    @property
    def published(self) -> list[Row]:
        """Every published number."""
        return self._tables["published"]

    @property
    def methods(self) -> list[Row]:
        """Every score of every study of a training method."""
        return self._tables["methods"]

    @property
    def protocols(self) -> list[Row]:
        """Every sentence about a protocol."""
        return self._tables["protocols"]

    @cached_property
    def models(self) -> dict[str, Row]:
        """Record hash -> its row."""
        return {row["record"]: row for row in self._tables["models"]}

    def of(self, table: str, cohort: str) -> list[Row]:
        """The rows of a table that belong to a cohort."""
        return self._by_cohort[table].get(cohort, [])

    def cohort(self, wanted: str, benchmark: str = "") -> Row | None:
        """The cohort of this id; the first of the benchmark (of any, if "") where the id is unknown or of another."""
        fitting = [row for row in self.cohorts if benchmark in ("", row["benchmark"])]
        return next((row for row in fitting if row["cohort"] == wanted), fitting[0] if fitting else None)

    def results(self, cohort: str) -> dict[tuple[str, str, str], dict[str, Row]]:
        """(metric, group, variant) -> record -> row."""
        return self._indexed("results", cohort, ("metric", "group", "variant"))

    def standings(self, cohort: str) -> dict[tuple[str, str], dict[str, Row]]:
        """(metric, group) -> record -> row."""
        return self._indexed("standings", cohort, ("metric", "group"))

    def ranks(self, cohort: str, scope: str = "all") -> dict[str, Row]:
        """Record -> its row of the order over the metrics of a scope, best first."""
        rows = [row for row in self.of("ranks", cohort) if row["scope"] == scope]
        return {row["record"]: row for row in sorted(rows, key=lambda row: row["place"])}

    def _indexed(self, table: str, cohort: str, key: tuple[str, ...]) -> dict[Any, dict[str, Row]]:
        held = self.__dict__.setdefault("_indexes", {})
        if (table, cohort) not in held:
            index: dict[Any, dict[str, Row]] = {}
            for row in self.of(table, cohort):
                index.setdefault(tuple(row[name] for name in key), {})[row["record"]] = row
            held[table, cohort] = index
        return held[table, cohort]


def _grouped(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _cleaned(row: Row) -> Row:
    return {name: _clean(value) for name, value in row.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    return [clean(each) if isinstance(each, str) else each for each in value] if isinstance(value, list) else value


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"

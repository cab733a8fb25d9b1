"""A table of the board: heads that sort, cells with interval, tie letters and floor, pages, and the same as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from leaderboards.app.state import State
from leaderboards.reporting.svg import Figure
from leaderboards.reporting.tables import Cell, Table

Item = TypeVar("Item")

PAGE = 50
"""Lines shown at once."""


@dataclass(frozen=True, slots=True)
class Head:
    """A column. key: what it is sorted by, "" where it is not. sub: second line. tip: shown on hovering."""

    title: str
    key: str = ""
    sub: str = ""
    numeric: bool = False
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A cell.

    Attributes:
        text: what it says. sub: a line below. letters: of ties. top: in the best group.
        badge: css word of a badge around the text. tier: of the row, as a badge below. tags: smaller ones.
        figure: a drawing below. tip: shown on hovering. ends: of the interval, for a file. go: query that a click leads
            to. file: the cell in an exported table, where that is not `text`.
    """

    text: str = ""
    sub: str = ""
    letters: str = ""
    top: bool = False
    badge: str = ""
    tier: str = ""
    tags: tuple[str, ...] = ()
    figure: Figure | None = None
    tip: str = ""
    go: str = ""
    undefined: bool = False
    ends: tuple[float | None, float | None] | None = None
    file: Cell = None


Line = tuple[Box, ...]


@dataclass(frozen=True)
class Grid:
    """A table as the page shows it.

    Attributes:
        count: number of lines. make: the lines of a slice, so that only those of the shown page are ever drawn.
    """

    name: str
    heads: tuple[Head, ...]
    count: int
    make: Callable[[slice], Sequence[Line]]
    state: State
    caption: str = ""
    empty: str = "Nothing fits these filters."

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.count // PAGE))

    @property
    def page(self) -> int:
        """The page shown, from 1."""
        return min(self.state.page, self.pages)

    @property
    def shown(self) -> Sequence[Line]:
        """The lines of this page."""
        return self.make(slice((self.page - 1) * PAGE, self.page * PAGE))

    def direction(self, head: Head) -> str:
        """aria-sort of a column; "" where it is not sorted by."""
        if not head.key:
            return ""
        return {head.key: "ascending", f"-{head.key}": "descending"}.get(self.state.sort, "none")

    def sort_query(self, head: Head) -> str:
        """The address that a click on a head leads to."""
        return self.state.sorted_by(head.key).query

    def page_query(self, page: int) -> str:
        """The address of a page."""
        return self.state.but(page=page).query

    def table(self, full: bool = True) -> Table:
        """All lines as a table that leaves the page.

        Args:
            full: numbers at full precision, ends of intervals and tiers in columns of their own; else as they are read.
        """
        lines = self.make(slice(None))
        ended = {k for line in lines for k, box in enumerate(line) if box.ends is not None}
        tiered = {k for line in lines for k, box in enumerate(line) if box.tier}
        titles: list[str] = []
        numeric: list[str] = []
        for k, head in enumerate(self.heads):
            name = f"{head.title} {head.sub}".strip()
            more = [f"{name} low", f"{name} high"] if full and k in ended else ["Tier"] if k in tiered else []
            titles += [name, *more]
            numeric += [name, *more] if head.numeric else []
        titles = _apart(titles)
        rows = [
            tuple(cell for k, box in enumerate(line) for cell in _cells(box, full, k in ended, k in tiered))
            for line in lines
        ]
        return Table(tuple(titles), tuple(rows), frozenset(numeric) & frozenset(titles), self.caption)


def _cells(box: Box, full: bool, ended: bool, tiered: bool) -> list[Cell]:
    if not full:
        interval = f" ({box.sub})" if box.ends is not None and box.ends[0] is not None else ""
        return [f"{box.text}{interval}{f' {box.letters}' if box.letters else ''}", *([box.tier] if tiered else [])]
    shown: Cell = box.text if box.file is None else box.file
    return [shown, *((box.ends or (None, None)) if ended else ()), *([box.tier] if tiered else [])]


def arranged(items: Sequence[Item], keys: Mapping[str, Callable[[Item], Any]], sort: str) -> list[Item]:
    """Items in the order of a column, "-" in front for the reverse; those without a value stay at the end either way.

    Args:
        keys: column -> what an item is sorted by in it, None for no value. An unknown column leaves them as they are.
    """
    key = keys.get(sort.removeprefix("-"))
    if key is None:
        return list(items)
    held = [(key(item), item) for item in items]
    present = [pair for pair in held if pair[0] is not None]
    present.sort(key=lambda pair: pair[0], reverse=sort.startswith("-"))
    return [item for _, item in present] + [item for value, item in held if value is None]


def listed(
    name: str,
    heads: Sequence[Head],
    items: Sequence[Item],
    line: Callable[[Item], Line],
    keys: Mapping[str, Callable[[Item], Any]],
    state: State,
    caption: str = "",
) -> Grid:
    """A grid of one line an item; lines are made only where they are shown."""
    order = arranged(items, keys, state.sort)
    return Grid(name, tuple(heads), len(order), lambda part: [line(item) for item in order[part]], state, caption)


def _apart(columns: list[str]) -> list[str]:
    return [name if columns.index(name) == k else f"{name} {k + 1}" for k, name in enumerate(columns)]

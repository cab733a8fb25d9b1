"""What a page shows, as one small value that an address holds: anything an address says is checked here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

TABS = {
    "overview": "Overview",
    "fidelity": "Fidelity",
    "privacy": "Privacy",
    "utility": "Utility",
    "pathology": "Per pathology",
    "mirb": "MIRB",
    "methods": "Methods",
    "pareto": "Pareto",
    "compare": "Compare two",
    "published": "Published",
    "reproduce": "Reproduce",
    "protocols": "Protocols",
    "submit": "Submit",
}
"""Address word -> title of a tab."""

LONGEST = 200
"""Characters of any part of an address."""
MOST = 60
"""Entries of a list in an address."""

_LISTS = frozenset(("tiers", "columns"))
_NAME = re.compile(r"[\w.=+<>%()\- ]{0,200}")


@dataclass(frozen=True)
class State:
    """Everything a view depends on besides the board.

    Attributes:
        tab: see TABS. board: cohort id, "" for the first that fits the tab.
        q: words that a model must match. tiers: shown ones, () for all. controls: "" shows controls, "no" hides them.
        columns: metrics shown, () for the headlines. group: of results. metric: of the heat map and of `compare`.
        a, b: record hashes, or a beginning of them. plot: axes of the Pareto plot. table: id of a published table.
        sort: column, with "-" in front for the reverse. page: from 1.
    """

    tab: str = "overview"
    board: str = ""
    q: str = ""
    tiers: tuple[str, ...] = ()
    controls: str = ""
    columns: tuple[str, ...] = ()
    group: str = "overall"
    metric: str = ""
    a: str = ""
    b: str = ""
    plot: str = ""
    table: str = ""
    sort: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, object]) -> State:
        """From the query of an address; what does not fit is dropped, never an error."""
        found: dict[str, object] = {}
        for field in fields(cls):
            raw = query.get(field.name)
            if raw is None:
                continue
            text = str(raw)[: LONGEST * (MOST if field.name in _LISTS else 1)]
            if field.name in _LISTS:
                parts = [part for part in text.split(",")[:MOST] if part and _NAME.fullmatch(part)]
                found[field.name] = tuple(dict.fromkeys(parts))
            elif field.name == "page":
                found["page"] = int(text) if re.fullmatch(r"[1-9]\d{0,5}", text) else 1
            elif field.name == "q" or _NAME.fullmatch(text):
                found[field.name] = text
        state = cls(**found)  # type: ignore[arg-type]
        return state if state.tab in TABS else replace(state, tab="overview")

    @property
    def query(self) -> str:
        """The address's query; what is as it always is stays out."""
        plain = State()
        pairs = {
            field.name: ",".join(value) if isinstance(value, tuple) else str(value)
            for field in fields(self)
            if (value := getattr(self, field.name)) != getattr(plain, field.name)
        }
        return urlencode(pairs)

    def but(self, **changes: object) -> State:
        """Another state; anything but a new page begins at the first one."""
        return replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]

    def sorted_by(self, key: str) -> State:
        """As a click on a column head leaves it: by this column, best first, then the reverse, then as it was."""
        turned = {key: f"-{key}", f"-{key}": ""}
        return self.but(sort=turned.get(self.sort, key))

"""The published MIRB table: reference results with their source, and a flag for whatever is wrong or uncertain.

These numbers carry no interval and no question-level answers, and their protocol differs by model. They are shown by
`mirb published`, never in one table with numbers of our corrected protocol.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from leaderboards.reporting.tables import Table

Column = Literal["knowledge", "reasoning", "perception", "multi-hop", "average"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ReferenceRow(_Strict):
    """One printed row.

    Attributes:
        values: column -> percent as printed. source: where it was printed.
        tier: "published" by MIRB's authors; "third-party": printed elsewhere, unverified. flags: see the table's.
    """

    model: str
    values: dict[Column, float]
    source: str = Field(alias="from")
    tier: Literal["published", "third-party"]
    flags: tuple[str, ...] = ()

    @property
    def mean_of_cells(self) -> float | None:
        """Mean of the four category values, or None where they were not printed."""
        cells = [self.values.get(name) for name in ("knowledge", "reasoning", "perception", "multi-hop")]
        return None if None in cells else sum(cell for cell in cells if cell is not None) / 4


class Reference(_Strict):
    """The table.

    Attributes:
        tag: version of the source. protocol: how the numbers were made, in words. flags: name -> what is wrong.
    """

    benchmark: Literal["mirb"]
    tier: Literal["published"]
    tag: str
    source: str
    protocol: str
    unit: Literal["percent"]
    columns: tuple[Column, ...]
    flags: dict[str, str]
    rows: tuple[ReferenceRow, ...]

    @model_validator(mode="after")
    def _flags_are_explained(self) -> Reference:
        unknown = {flag for row in self.rows for flag in row.flags} - set(self.flags)
        if unknown:
            raise ValueError(f"flags without a text: {', '.join(sorted(unknown))}")
        return self


@cache
def load() -> Reference:
    """The table that ships with the suite."""
    text = files("leaderboards.reference").joinpath("mirb_published.json").read_text("utf-8")
    return Reference.model_validate_json(text)


def table(reference: Reference, tier: str | None = None) -> Table:
    """The rows as they were printed, flags and source at the end; of one tier where one is named."""
    rows = tuple(
        (
            row.model,
            *(None if row.values.get(name) is None else f"{row.values[name]:.2f}" for name in reference.columns),
            " ".join(f"[{flag}]" for flag in row.flags),
            row.source,
        )
        for row in reference.rows
        if tier in (None, row.tier)
    )
    columns = ("model", *reference.columns, "flags", "printed in")
    return Table(columns, rows, frozenset(reference.columns), f"Published MIRB results, in percent ({reference.tag})")

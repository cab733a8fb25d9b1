"""What a published number must come with: where it was printed, how sure we are of it, and what is wrong with it."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Benchmark = Literal["chexgenbench", "mirb", "methods"]
Direction = Literal["lower", "higher"]

TAGS: dict[str, str] = {
    "F": "read off a figure of the official repository (a picture of a table of the paper)",
    "V": "read in a public repository or a stored original page",
    "paper": "read in the full text of the paper",
    "anchor": "read in the repository of another method, not in that of the method itself",
    "S": "secondary source: printed or reported by others, the original was not reachable",
    "2nd": "reading notes of a third party, not checked against the paper",
    "U": "unverified number of a third party, asked and scored in another way",
    "I": "inferred by arithmetic from printed numbers; printed nowhere",
}
"""Evidence tag -> its meaning."""

UNVERIFIED = frozenset(("S", "2nd", "U", "I"))
"""Tags of numbers that nobody here has seen in their original: each such row must carry the flag of this name."""

FLAG = "unverified"

_NUMBER = re.compile(r"(?P<value>-?\d+(?:\.\d+)?(?:e\d+)?)(?:±\d+(?:\.\d+)?)?")
_BEYOND = re.compile(r">\d+(?:\.\d+)?(?:e\d+)?")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def number(printed: str) -> float | None:
    """The number of a printed cell: "46.8±0.3" is 46.8; ">1e3", which only bounds it, is None.

    Raises:
        ValueError: neither.
    """
    if found := _NUMBER.fullmatch(printed):
        return float(found["value"])
    if _BEYOND.fullmatch(printed):
        return None
    raise ValueError(f"{printed!r} is not a printed number")


class PublishedRow(_Strict):
    """One printed row.

    Attributes:
        printed: column -> the text as printed; columns that were not printed are absent.
        source: where it was printed. tag: see TAGS.
        flags: warnings about the whole row. cell_flags: column -> warnings about one number.
    """

    model: str
    printed: dict[str, str]
    source: str
    tag: str
    flags: tuple[str, ...] = ()
    cell_flags: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @field_validator("printed")
    @classmethod
    def _numbers(cls, printed: dict[str, str]) -> dict[str, str]:
        for text in printed.values():
            number(text)
        return printed

    @field_validator("tag")
    @classmethod
    def _known(cls, tag: str) -> str:
        if tag not in TAGS:
            raise ValueError(f"{tag!r} is no tag; known: {', '.join(TAGS)}")
        return tag

    @property
    def values(self) -> dict[str, float | None]:
        """Column -> number; None where only a bound was printed."""
        return {column: number(text) for column, text in self.printed.items()}


class PublishedTable(_Strict):
    """One table of one source. Its numbers never share a table with those of our own protocols.

    Attributes:
        id: for `leaderboards published --table`. protocol: how the numbers were made, in words.
        unit: "" for pure numbers or where columns differ; columns name theirs.
        columns: as the source heads them. directions: which way is better, where that is known.
        source: of the table. warnings: flags that concern every row of it.
        flags: flag -> what is wrong. mean_of: a column that is printed as the mean of others -> those.
    """

    id: str
    title: str
    benchmark: Benchmark
    protocol: str
    unit: str = ""
    columns: tuple[str, ...]
    directions: dict[str, Direction] = Field(default_factory=dict)
    source: str
    warnings: tuple[str, ...] = ()
    flags: dict[str, str]
    mean_of: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    rows: tuple[PublishedRow, ...]

    @model_validator(mode="after")
    def _complete(self) -> PublishedTable:
        known = set(self.columns)
        for row in self.rows:
            if unknown := ({*row.printed, *row.cell_flags} - known) | (set(row.cell_flags) - set(row.printed)):
                raise ValueError(f"{row.model} in {self.id}: no column or number for {', '.join(sorted(unknown))}")
            if row.tag in UNVERIFIED and FLAG not in {*row.flags, *self.warnings}:
                raise ValueError(f"{row.model} in {self.id} is tagged {row.tag} and not flagged {FLAG}")
        if unknown := ({*self.directions, *self.mean_of} | {c for of in self.mean_of.values() for c in of}) - known:
            raise ValueError(f"{self.id} has no column {', '.join(sorted(unknown))}")
        used = {*self.warnings}
        for row in self.rows:
            used |= {*row.flags, *(flag for flags in row.cell_flags.values() for flag in flags)}
        if used != set(self.flags):
            raise ValueError(f"flags of {self.id} without a text, or without use: {sorted(used ^ set(self.flags))}")
        names = [(row.model, row.source) for row in self.rows]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.id} holds a row twice")
        return self

    def recomputed(self, row: PublishedRow, column: str) -> float | None:
        """Mean of the cells that `column` averages; None where one of them was not printed."""
        cells = [row.values.get(name) for name in self.mean_of[column]]
        numbers = [cell for cell in cells if cell is not None]
        return sum(numbers) / len(cells) if len(numbers) == len(cells) else None

"""Rows that no record changes: published tables, protocols and their changelog."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from leaderboards.reference.published import tables
from leaderboards.reference.schema import TAGS

Row = dict[str, Any]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Change(_Strict):
    """What a protocol does otherwise than another one, and why."""

    against: str
    text: str


class ProtocolNote(_Strict):
    """A protocol in words. choices: what it fixes. quirks: how it departs from what its metrics should measure."""

    benchmark: Literal["chexgenbench", "mirb"]
    protocol: str
    title: str
    summary: str
    choices: tuple[str, ...]
    quirks: tuple[str, ...]
    changes: tuple[Change, ...]


@cache
def protocols() -> tuple[ProtocolNote, ...]:
    """Every protocol of both benchmarks, the default of each first."""
    text = files(__package__).joinpath("protocols.json").read_text("utf-8")
    return tuple(ProtocolNote.model_validate(each) for each in json.loads(text))


def protocol_rows() -> Iterator[Row]:
    """One row a sentence about a protocol. kind: "summary", "choice", "quirk" or "change"."""
    for each in protocols():
        front = {"benchmark": each.benchmark, "protocol": each.protocol, "title": each.title}
        yield front | {"kind": "summary", "against": "", "text": each.summary}
        for kind, texts in (("choice", each.choices), ("quirk", each.quirks)):
            yield from (front | {"kind": kind, "against": "", "text": text} for text in texts)
        yield from (front | {"kind": "change", "against": one.against, "text": one.text} for one in each.changes)


def published_rows() -> Iterator[Row]:
    """One row a printed number, with everything that must stand beside it."""
    for table in tables():
        for place, row in enumerate(table.rows):
            for column in table.columns:
                if column not in row.printed:
                    continue
                flags = list(dict.fromkeys((*table.warnings, *row.flags, *row.cell_flags.get(column, ()))))
                yield {
                    "table": table.id,
                    "title": table.title,
                    "benchmark": table.benchmark,
                    "protocol": table.protocol,
                    "unit": table.unit,
                    "column": column,
                    "direction": table.directions.get(column, ""),
                    "row": place,
                    "model": row.model,
                    "printed": row.printed[column],
                    "value": row.values[column],
                    "mean_of_cells": table.recomputed(row, column) if column in table.mean_of else None,
                    "source": row.source,
                    "tag": row.tag,
                    "tag_meaning": TAGS[row.tag],
                    "flags": flags,
                    "warnings": [table.flags[flag] for flag in flags],
                    "own_flags": [flag for flag in flags if flag not in table.warnings],
                    "tier": "published",
                }

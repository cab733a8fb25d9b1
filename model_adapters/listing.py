"""`model-adapters list`: one row per adapter of every kind, read from cards alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.registry import Registry

Row = dict[str, Any]


def rows_of(registries: Mapping[str, Registry[Any]]) -> list[Row]:
    """kind, name, source, verified, licence, parameters, download_gb, memory_gb, needs; kind by kind, by name.

    An adapter that cannot be loaded (its package is not installed) has its message among its needs.
    """
    rows = []
    for kind, registry in registries.items():
        for name in registry.names():
            try:
                facts = _facts(registry.card(name))
            except UserError as error:
                facts = {"source": "", "licence": "", "verified": False, "needs": [str(error)]}
                facts |= {"parameters": None, "download_gb": None, "memory_gb": None}
            rows.append({"kind": kind, "name": name, **facts})
    return rows


def _facts(card: ModelCard) -> Row:
    keep = {"source", "licence", "verified", "needs", "parameters", "download_gb", "memory_gb"}
    return card.model_dump(mode="json", include=keep)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The rows as lines of text: a heading per kind, then name, size, licence and source, and what each needs."""
    width = max((len(row["name"]) for row in rows), default=0)
    for kind in dict.fromkeys(row["kind"] for row in rows):
        yield f"{kind}s"
        for row in (each for each in rows if each["kind"] == kind):
            source = row["source"] + ("" if row["verified"] else " (unverified)")
            yield f"  {row['name']:{width}}  {size(row):>16}  {source}  [{row['licence']}]"
            if row["needs"]:
                yield f"  {'':{width}}  {'':16}  needs {'; '.join(row['needs'])}"
    yield ""
    yield "`model-adapters show NAME` tells the rest: options, limits, what is missing on this machine."


def size(row: Row) -> str:
    """Parameters and download, where known: "600 M, 8.9 GB"."""
    parts = [] if not row["parameters"] else [count(row["parameters"])]
    parts += [] if row["download_gb"] is None else [f"{row['download_gb']:g} GB"]
    return ", ".join(parts)


def count(number: int) -> str:
    """A number of weights: "12.0 B", "600 M", "18 k", "320"."""
    for limit, letter, digits in ((10**9, "B", 1), (10**6, "M", 0), (10**3, "k", 0)):
        if number >= limit:
            return f"{number / limit:.{digits}f} {letter}"
    return str(number)

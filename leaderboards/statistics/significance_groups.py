"""Who is tied with whom: letters, top group and rank intervals from pairwise tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Pairs = Mapping[tuple[str, str], bool]
"""(a, b) -> whether a was found different from b, for every unordered pair, in either order."""


class RankInterval(NamedTuple):
    """Ranks that the tests leave open: best is 1 + models found better, worst is the number not found worse."""

    best: int
    worst: int


def different(pairs: Pairs, a: str, b: str) -> bool:
    """Whether two models were found different.

    Raises:
        KeyError: the pair was not tested.
    """
    return pairs[a, b] if (a, b) in pairs else pairs[b, a]


def letters(order: Sequence[str], pairs: Pairs) -> dict[str, str]:
    """Compact letter display (Piepho 2004, insert and absorb): models that share a letter were not found different.

    Args:
        order: models from best to worst; letters are given in this order.
        pairs: the outcome of each test.

    Returns:
        model -> its letters, such as "ab". The letters say exactly what the tests said: two models share one if and
        only if their test was not significant.
    """
    columns = [set(order)]
    for index, a in enumerate(order):
        for b in order[index + 1 :]:
            if different(pairs, a, b):
                split = [column - {gone} for column in columns if {a, b} <= column for gone in (a, b)]
                columns = _absorbed([column for column in columns if not {a, b} <= column] + split)
    position = {name: index for index, name in enumerate(order)}
    columns.sort(key=lambda column: sorted(position[name] for name in column))
    return {name: "".join(_letter(k) for k, column in enumerate(columns) if name in column) for name in order}


def top_group(order: Sequence[str], pairs: Pairs) -> list[str]:
    """The best model and all that were not found different from it, in order."""
    return [name for name in order if name == order[0] or not different(pairs, order[0], name)]


def rank_intervals(order: Sequence[str], pairs: Pairs) -> dict[str, RankInterval]:
    """For each model the ranks that the tests leave open.

    With tests adjusted to a family-wise error of 5 % all intervals hold at once with 95 % confidence: a model can only
    be wrongly placed where some pair was wrongly found different.

    Args:
        order: models from best to worst by their estimates; a pair that was found different is ordered as they are.
    """
    found = {}
    for index, name in enumerate(order):
        better = sum(different(pairs, name, other) for other in order[:index])
        worse = sum(different(pairs, name, other) for other in order[index + 1 :])
        found[name] = RankInterval(1 + better, len(order) - worse)
    return found


def _absorbed(columns: list[set[str]]) -> list[set[str]]:
    """Without empty columns and those inside another."""
    kept: list[set[str]] = []
    for column in sorted(columns, key=len, reverse=True):
        if column and not any(column <= other for other in kept):
            kept.append(column)
    return kept


def _letter(index: int) -> str:
    """a, ..., z, then a1, b1, ..."""
    return chr(ord("a") + index % 26) + (str(index // 26) if index >= 26 else "")

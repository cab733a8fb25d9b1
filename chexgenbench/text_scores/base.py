"""What a text score is: for each pair of reports, the terms of the sums that the `report_scores` estimator adds up."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Terms = NDArray[np.float64]


@dataclass(frozen=True)
class Where:
    """What a score that needs a model may use: a folder or file of weights, and a torch device."""

    weights: Path | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class TextScore:
    """One score.

    Attributes:
        name: short, for the command line. display: for tables.
        statistic: "bleu", "mean" or "f1" of `leaderboards.statistics.report_scores`.
        terms: (references, generated, where) -> float64[n, k], a row a pair, each a function of its pair alone.
        lacks: (where) -> what is missing and how to get it in one line, or None.
        labels: of statistic "f1".
        settings: what else the numbers depend on, in words.
        modelled: a learned model judges.
    """

    name: str
    display: str
    statistic: Literal["bleu", "mean", "f1"]
    terms: Callable[[Sequence[str], Sequence[str], Where], Terms]
    lacks: Callable[[Where], str | None]
    labels: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    modelled: bool = False


def lacks_package(name: str, extra: str, install: str | None = None) -> str | None:
    """ "X is missing: pip install ...", or None if a package can be imported."""
    if importlib.util.find_spec(name) is not None:
        return None
    how = install or f'pip install "chexgenbench-suite[{extra}]"'
    return f"{name} is missing: {how}"


def means(values: Sequence[float]) -> Terms:
    """Terms of a mean: value and 1.

    Raises:
        ValueError: a value that is not finite.
    """
    table = np.ones((len(values), 2))
    table[:, 0] = values
    if not np.isfinite(table).all():
        raise ValueError("a text score is NaN or infinite")
    return table


def both_given(references: Sequence[str], generated: Sequence[str]) -> NDArray[np.bool_]:
    """bool[n], where both reports hold a word. A pair that lacks one scores 0 and never reaches a model."""
    return np.array([bool(a.strip()) and bool(b.strip()) for a, b in zip(references, generated, strict=True)], bool)


def hits(reference: NDArray[np.int64], generated: NDArray[np.int64]) -> Terms:
    """Terms of F1 under both rules for uncertain labels, float64[n, 6 l]: hits, false alarms, misses of each label.

    Args:
        reference, generated: int64[n, l] of 1, 0 and -1 (uncertain).
    """
    parts = []
    for least in (1, -1):
        a, b = (reference == 1, generated == 1) if least == 1 else (reference != 0, generated != 0)
        parts.append(np.stack([a & b, ~a & b, a & ~b], axis=2).reshape(len(a), -1))
    return np.concatenate(parts, axis=1).astype(np.float64)

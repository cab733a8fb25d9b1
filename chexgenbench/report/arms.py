"""What a classifier, segmenter or report writer learns from synthetic images, beside what it learns from real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chexgenbench.report.summary import Shown
from chexgenbench.report.view import MetricInfo, RecordView

ARMS = {
    "trtr": "Real images",
    "tstr": "Synthetic",
    "mixed": "Half and half",
    "augmented": "Real and synthetic",
    "tstr_minus_trtr": "Synthetic less real",
    "augmented_minus_trtr": "What synthetic adds",
}
SHARES = ("25", "50")
"""Percent of the training cases at which learning curves were measured, besides all of them."""


@dataclass(frozen=True, slots=True)
class ArmRow:
    """A utility metric by arm; a cell is None where the metric has no such arm."""

    info: MetricInfo
    cells: tuple[Shown | None, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Scores with a quarter, half and all of the training cases."""

    title: str
    real: tuple[Shown | None, ...]
    synthetic: tuple[Shown | None, ...]


def arms(view: RecordView) -> list[ArmRow]:
    """Every utility metric that compares arms, overall."""
    found = []
    for info, numbers in _utility(view):
        if "trtr" in numbers:
            found.append(ArmRow(info, tuple(_shown(numbers, name) for name in ARMS)))
    return found


def curves(view: RecordView) -> list[Curve]:
    """Learning curves of the metrics that have one."""
    found = []
    for info, numbers in _utility(view):
        real, synthetic = (
            tuple(_shown(numbers, f"{arm}{part}") for part in (*(f"_{share}" for share in SHARES), ""))
            for arm in ("trtr", "tstr")
        )
        if real[0] is not None and synthetic[0] is not None:
            found.append(Curve(view.title(info), real, synthetic))
    return found


def _utility(view: RecordView) -> list[tuple[MetricInfo, Mapping[str, float | None]]]:
    """Numbers of each utility metric by arm; the value itself is that of the synthetic arm."""
    found: list[tuple[MetricInfo, Mapping[str, float | None]]] = []
    for info in view.metrics:
        result = view.defined(info.name)
        if result is not None and info.family == "utility":
            own = {"tstr": result.value, "tstr_low": result.low, "tstr_high": result.high}
            found.append((info, {**result.extra, **own}))
    return found


def _shown(numbers: Mapping[str, float | None], name: str) -> Shown | None:
    return Shown.number(numbers.get(name), numbers.get(f"{name}_low"), numbers.get(f"{name}_high"))

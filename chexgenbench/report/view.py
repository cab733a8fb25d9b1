"""A record as the report reads it: results by name, what each metric is called, which groups there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from leaderboards.records.schema import MetricResult, ResultRecord

if TYPE_CHECKING:
    from chexgenbench.metrics.base import Metric

GROUP_WORDS = {"view": "View", "age": "Age"}
SEX_WORDS = {"F": "Female", "M": "Male"}


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """What the report says about a metric.

    Attributes:
        name: as in the record. base, encoder: its two halves. display: short human name.
        source, cost, quirks: from the registry; empty for a metric that this version does not know.
    """

    name: str
    base: str
    encoder: str
    display: str
    family: str
    direction: str
    unit: str
    source: str = ""
    cost: str = ""
    quirks: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordView:
    """A record with look-ups.

    Attributes:
        record: the validated record.
        wanted: registry names of the headline metrics, most important first.
    """

    record: ResultRecord
    wanted: tuple[str, ...] = ()

    @cached_property
    def _index(self) -> dict[tuple[str, str, str], MetricResult]:
        return {(result.metric, result.group, result.variant): result for result in self.record.results}

    def get(self, metric: str, group: str = "overall", variant: str = "raw") -> MetricResult | None:
        """The result of this name, or None."""
        return self._index.get((metric, group, variant))

    def defined(self, metric: str, group: str = "overall", variant: str = "raw") -> MetricResult | None:
        """The result of this name if it has a value."""
        result = self.get(metric, group, variant)
        return result if result is not None and result.value is not None else None

    @cached_property
    def metrics(self) -> list[MetricInfo]:
        """Every metric of the record, in its order."""
        first = {result.metric: result for result in reversed(self.record.results)}
        order = dict.fromkeys(result.metric for result in self.record.results)
        return [_info(first[name], self.record) for name in order]

    @cached_property
    def info(self) -> dict[str, MetricInfo]:
        """Metrics by the name in the record."""
        return {info.name: info for info in self.metrics}

    @cached_property
    def headline(self) -> list[MetricInfo]:
        """At most nine metrics for the top of the page, through the first encoder that has them."""
        chosen = [next((info for info in self.metrics if info.base == base), None) for base in self.wanted]
        found = [info for info in chosen if info is not None]
        return (found or self.metrics)[:9]

    @cached_property
    def compared(self) -> list[MetricInfo]:
        """Metrics worth comparing between groups: those with group results, p-values (which follow n) left out."""
        grouped = {result.metric for result in self.record.results if result.group != "overall"}
        return [info for info in self.metrics if info.name in grouped and not info.base.endswith("_p")]

    def groups(self, *kinds: str) -> list[str]:
        """Group names of these kinds ("pathology", "view", ...), in the order of the record."""
        names = dict.fromkeys(result.group for result in self.record.results)
        return [name for name in names if name.partition("=")[0] in kinds]

    def count(self, group: str) -> int | None:
        """Generated images of a group."""
        return next((r.n_generated for r in self.record.results if r.group == group and r.variant == "raw"), None)

    @property
    def several_encoders(self) -> bool:
        """Whether names need their encoder to be told apart."""
        return len(self.record.encoders) > 1

    def title(self, info: MetricInfo) -> str:
        """Display name, with the encoder where the record has several."""
        return f"{info.display} ({info.encoder})" if info.encoder and self.several_encoders else info.display


def group_label(group: str) -> str:
    """ "pathology=Edema" -> "Edema", "sex=F" -> "Female", "age=65+" -> "Age 65+"."""
    kind, _, name = group.partition("=")
    if not name:
        return group.capitalize()
    if kind == "sex":
        return SEX_WORDS.get(name, name)
    return f"{GROUP_WORDS[kind]} {name}" if kind in GROUP_WORDS else name


def _info(result: MetricResult, record: ResultRecord) -> MetricInfo:
    base, encoder = _halves(result.metric, [each.name for each in record.encoders])
    display = base.replace("_", " ")
    source = cost = ""
    quirks: tuple[str, ...] = ()
    metric = _registered(base, record.protocol)
    if metric is not None:
        display, source, cost, quirks = metric.display, metric.source, metric.cost, metric.quirks
    return MetricInfo(
        result.metric, base, encoder, display, result.family, result.direction, result.unit, source, cost, quirks
    )


def _registered(base: str, protocol: str) -> Metric | None:
    from chexgenbench.metrics.registry import find

    try:
        return find(base, protocol)
    except (KeyError, ModuleNotFoundError):
        # A record of another version, or of a machine with more extras, is still shown; only its prose is missing.
        return None


def _halves(name: str, encoders: Sequence[str]) -> tuple[str, str]:
    for encoder in sorted(encoders, key=len, reverse=True):
        if name.endswith(f"_{encoder}"):
            return name[: -len(encoder) - 1], encoder
    return name, ""

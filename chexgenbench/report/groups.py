"""Pathologies and subgroups: heat map, forest plots, and the tables that hold their numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chexgenbench.report.summary import Shown, estimated
from chexgenbench.report.view import MetricInfo, RecordView, group_label
from leaderboards.records.schema import MetricResult
from leaderboards.reporting.forest import ForestCell, ForestPanel, ForestRow, forest
from leaderboards.reporting.heatmap import HeatCell, HeatRow, Legend, heatmap
from leaderboards.reporting.numbers import compact, count
from leaderboards.reporting.svg import Figure

MOST_PANELS = 4
BY_EXCESS = Legend("¼ of the overall gap to real", "as overall", "4 times the gap")
BY_VALUE = Legend("½ of overall", "as overall", "twice overall")


@dataclass(frozen=True, slots=True)
class GroupCell:
    """A cell of a group table: the number, and below it the one at equal n and the floor."""

    shown: Shown | None
    matched: Shown | None
    matched_n: str
    floor: Shown | None
    reason: str
    sort: str


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Groups by metrics."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, str, str, tuple[GroupCell, ...]], ...]
    """(label, images as text, images for sorting, cells)."""


def heatmaps(view: RecordView, groups: Sequence[str]) -> list[tuple[Figure, bool]]:
    """One heat map for each encoder, and whether its colours are measured from the floor."""
    found = []
    encoders = list(dict.fromkeys(info.encoder for info in view.compared if info.encoder)) or [""]
    for encoder in encoders:
        # Metrics without an encoder stand beside those of the first one.
        infos = [
            info for info in view.compared if info.encoder == encoder or (encoder == encoders[0] and not info.encoder)
        ]
        floors = any(view.defined(info.name, variant="floor") is not None for info in infos)
        name = "heatmap-" + (re.sub(r"[^A-Za-z0-9]+", "-", encoder).strip("-") or "images")
        rows = [_heat_row(view, group, infos, floors) for group in ("overall", *groups)]
        title = f"Every pathology by every metric{f', encoder {encoder}' if len(encoders) > 1 else ''}"
        legend = BY_EXCESS if floors else BY_VALUE
        found.append((heatmap(name, title, [info.display for info in infos], rows, legend), floors))
    return found


def forest_of(view: RecordView, name: str, title: str, groups: Sequence[str]) -> Figure | None:
    """Forest plot of the headline metrics over "overall" and the groups; None where no metric has groups."""
    infos = _panels(view)
    groups = [group for group in groups if _any_defined(view, infos, group)]
    if not infos or not groups:
        return None
    rows, previous = [], ""
    for group in ("overall", *groups):
        kind = group.partition("=")[0]
        rows.append(ForestRow(group_label(group), count(view.count(group)), group == "overall", kind != previous != ""))
        previous = kind
    panels = [
        ForestPanel(view.title(info), info.direction, tuple(_forest_cell(view, info, g) for g in ("overall", *groups)))
        for info in infos
    ]
    names = {info.name for info in infos}
    sizes = {r.n_generated for r in view.record.results if r.variant == "matched" and r.metric in names}
    note = f"every group cut to n = {sizes.pop()}" if len(sizes) == 1 else "every group cut to the same n"
    return forest(name, title, rows, panels, matched_note=note)


def left_out(view: RecordView, groups: Sequence[str]) -> list[str]:
    """Groups that the forest plot leaves out because none of its metrics is defined there, with their images."""
    infos = _panels(view)
    return [f"{group_label(g)} ({count(view.count(g))})" for g in groups if not _any_defined(view, infos, g)]


def _panels(view: RecordView) -> list[MetricInfo]:
    names = {info.name for info in view.compared}
    return [info for info in view.headline if info.name in names][:MOST_PANELS]


def _any_defined(view: RecordView, infos: Sequence[MetricInfo], group: str) -> bool:
    return any(view.defined(info.name, group) is not None for info in infos)


def table_of(view: RecordView, groups: Sequence[str]) -> GroupTable:
    """The headline metrics over "overall" and the groups, as text."""
    names = {info.name for info in view.compared}
    infos = [info for info in view.headline if info.name in names]
    rows = [
        (
            group_label(g),
            count(view.count(g)),
            str(view.count(g) or 0),
            tuple(_group_cell(view, info, g) for info in infos),
        )
        for g in ("overall", *groups)
    ]
    return GroupTable(tuple(view.title(info) for info in infos), tuple(rows))


def shade(value: float, floor: float | None, overall: MetricResult, overall_floor: float | None) -> float | None:
    """Colour of a group: how its gap to the real images compares with the overall gap.

    The gap is the distance from the floor in the worse direction, floor and value being of like n, so that the bias
    of a small group is on both sides. -1 is a quarter of the overall gap or less, 0 the same, 1 four times or more.
    None where the overall gap is not clear of zero (its interval holds the floor): a ratio to it would be noise.
    """
    if floor is None or overall_floor is None or overall.value is None:
        return None
    whole = gap(overall.value, overall_floor, overall.direction)
    if whole <= 0 or (
        overall.low is not None and overall.high is not None and overall.low <= overall_floor <= overall.high
    ):
        return None
    part = gap(value, floor, overall.direction)
    return -1.0 if part <= 0 else max(-1.0, min(1.0, math.log2(part / whole) / 2))


def gap(value: float, floor: float, direction: str) -> float:
    """How much worse than the floor a value is."""
    if direction == "zero":
        return abs(value) - abs(floor)
    return value - floor if direction == "lower" else floor - value


def ratio_shade(value: float, overall: MetricResult) -> float | None:
    """Colour without floors: the value against the overall value, half to twice."""
    if overall.value is None or overall.value <= 0 or value <= 0 or overall.direction == "zero":
        return None
    ratio = value / overall.value if overall.direction == "lower" else overall.value / value
    return max(-1.0, min(1.0, math.log2(ratio)))


def _heat_row(view: RecordView, group: str, infos: Sequence[MetricInfo], floors: bool) -> HeatRow:
    cells = tuple(_heat_cell(view, group, info, floors) for info in infos)
    return HeatRow(group_label(group), count(view.count(group)), cells, strong=group == "overall")


def _heat_cell(view: RecordView, group: str, info: MetricInfo, floors: bool) -> HeatCell:
    result = view.get(info.name, group)
    if result is None or result.value is None:
        reason = "not computed" if result is None else result.reason
        return HeatCell(tip=f"{group_label(group)}, {info.display}: undefined, {reason}", undefined=True)
    overall, tone = view.get(info.name), None
    if group != "overall" and overall is not None:
        floor, base = view.defined(info.name, group, "floor"), view.defined(info.name, variant="floor")
        if floors:
            tone = shade(result.value, _value(floor), overall, _value(base))
        else:
            tone = ratio_shade(result.value, overall)
    return HeatCell(compact(result.value), tone, _tip(view, info, group))


def _forest_cell(view: RecordView, info: MetricInfo, group: str) -> ForestCell:
    result = view.get(info.name, group)
    return ForestCell(
        main=estimated(result),
        matched=estimated(view.get(info.name, group, "matched")),
        floor=estimated(view.get(info.name, group, "floor")),
        tip=_tip(view, info, group),
        reason="not computed" if result is None else result.reason or "",
    )


def _group_cell(view: RecordView, info: MetricInfo, group: str) -> GroupCell:
    result, matched = view.get(info.name, group), view.get(info.name, group, "matched")
    return GroupCell(
        shown=Shown.of(result),
        matched=Shown.of(matched),
        matched_n=count(matched.n_generated) if matched is not None else "",
        floor=Shown.of(view.get(info.name, group, "floor")),
        reason="not computed" if result is None else result.reason or "",
        sort="" if result is None or result.value is None else repr(result.value),
    )


def _tip(view: RecordView, info: MetricInfo, group: str) -> str:
    words = [f"{group_label(group)}, {info.display}:"]
    for name, variant in (("", "raw"), ("equal n", "matched"), ("real", "floor")):
        shown = Shown.of(view.get(info.name, group, variant))
        if shown is not None:
            interval = f" ({shown.interval})" if shown.interval else ""
            words.append(f"{name} {shown.value}{interval}".strip() + ";")
    return " ".join(words).rstrip(";")


def _value(result: MetricResult | None) -> float | None:
    return None if result is None else result.value

"""From rows of a cohort to lines of a table: which models are shown, and what a cell says of a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from leaderboards.app import marks
from leaderboards.app.grid import Box, Grid, Head, Line, arranged
from leaderboards.app.state import State
from leaderboards.boards.board import Board
from leaderboards.boards.words import question, rank_in_headline, title
from leaderboards.reporting.numbers import ARROWS, DIRECTIONS, count, interval_text, value_text
from leaderboards.reporting.scales import Scale

Row = dict[str, Any]

TIERS = {
    "recomputed from samples": ("samples", "A maintainer had the images or answers and measured them again."),
    "recomputed from statistics": (
        "statistics",
        "Every number was computed again from the stored arrays of the submission, and all agreed.",
    ),
    "self-reported": ("self", "Nobody but the submitter has computed these numbers."),
    "published": ("published", "Typed from a paper or repository; see the flags."),
}
"""Tier -> css word, meaning."""

FIRST = 6
"""Metrics that a table shows until columns are chosen."""


def matches(model: Row, state: State) -> bool:
    """Whether a model is shown: every word of the search, one of the tiers, controls or not."""
    if state.tiers and model["tier"] not in state.tiers and TIERS[model["tier"]][0] not in state.tiers:
        return False
    if state.controls == "no" and model["control"]:
        return False
    if not state.q.strip():
        return True
    return all(word in model["search"] for word in state.q.casefold().split())


def shown_models(board: Board, cohort: str, state: State) -> list[Row]:
    """The models of a cohort that the filters let through, best first."""
    order = order_of(board, cohort)
    found = [model for model in board.of("models", cohort) if matches(model, state)]
    return sorted(found, key=lambda each: order[each["record"]].place if each["record"] in order else len(order) + 1)


class Rank(NamedTuple):
    """Place in an order, and the ranks that tests or resampling leave open. source: where they come from, in words."""

    place: int
    low: int
    high: int
    tip: str
    source: str


def order_of(board: Board, cohort: str, scope: str = "all") -> dict[str, Rank]:
    """Record -> its rank: of MIRB by overall accuracy and the tests on it, else by mean rank over a scope."""
    found = board.standings(cohort).get(("accuracy", "overall"), {})
    if found and next(iter(board.of("results", cohort)))["benchmark"] == "mirb":
        source = "By overall accuracy; the range is what the tests between models leave open."
        return {
            record: Rank(row["place"], row["best"], row["worst"], f"tie letters {row['letters']}", source)
            for record, row in found.items()
        }
    source = "By mean rank over metrics; the range is what resampling leaves open."
    ranks = {}
    for record, row in board.ranks(cohort, scope).items():
        tip = f"mean rank {row['mean_rank']:.2f} over {len(row['metrics'])} metrics; "
        ranks[record] = Rank(
            row["place"], row["low"], row["high"], f"{tip}first in {row['p_first']:.0%} of draws", source
        )
    return ranks


def metrics_of(board: Board, cohort: str, families: Iterable[str], group: str = "overall") -> list[str]:
    """Metrics of some families that have a value in a group, headlines first."""
    wanted = frozenset(families)
    seen: dict[str, str] = {}
    for (metric, each, variant), rows in board.results(cohort).items():
        if each == group and variant == "raw" and metric not in seen:
            row = next(iter(rows.values()))
            if row["family"] in wanted and any(one["value"] is not None for one in rows.values()):
                seen[metric] = row["benchmark"]
    return sorted(seen, key=partial(_place, seen))  # stable: the order of the record otherwise


def _place(benchmarks: dict[str, str], metric: str) -> int:
    return rank_in_headline(benchmarks[metric], metric)


def groups_of(board: Board, cohort: str) -> list[str]:
    """Groups of a cohort in the order of its first record."""
    return list(dict.fromkeys(row["group"] for row in board.of("results", cohort)))


def model_box(model: Row, state: State) -> Box:
    """The model's name, with what a reader must know before its numbers."""
    tags = []
    if model["control"]:
        tags.append("control")
    if model["origin"] == "private":
        tags.append("private")
    if model["seen"] and model["kind"] == "vlm":  # a generator is meant to be trained on the other part of the data set
        tags.append("trained on this data set")
    if model["certificates"]:
        tags.append("certified")
    if not model["verified"]:
        tags.append("source unverified")
    facts = [f"{_short(model['parameters'])} parameters."] if model["parameters"] else []
    facts += [f"{model['licence']}."] if model["licence"] else []
    return Box(
        model["name"],
        tier=model["tier"],
        tags=tuple(tags),
        tip=" ".join([f"{model['source']}.", *facts, *model["certificates"], *model["notes"]])[:400],
        go=state.but(tab="reproduce", q=model["name"], sort="").query,
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A metric in a group as a column. floor: the variant that a mark stands for. percent: of shares of MIRB."""

    metric: str
    group: str
    head: Head
    floor: str = "floor"
    percent: bool = False


def metric_columns(board: Board, cohort: str, metrics: Sequence[str], group: str) -> list[Column]:
    """A column a metric: title, encoder, which way is better."""
    columns = []
    for metric in metrics:
        rows = board.results(cohort).get((metric, group, "raw"))
        if not rows:
            continue
        row = next(iter(rows.values()))
        name, _, encoder = title(metric).partition(" (")
        unit = f", {row['unit']}" if row["unit"] else ""
        below = f"{encoder.rstrip(')')} {ARROWS[row['direction']]}{unit}".strip()
        tip = f"{question(metric)} {DIRECTIONS[row['direction']].capitalize()}.".strip()
        columns.append(Column(metric, group, Head(name, metric, below, True, tip)))
    return columns


def boxes(board: Board, cohort: str, column: Column, models: Sequence[Row]) -> list[Box]:
    """The cells of a column for some models, all intervals of the cohort on one axis."""
    rows = board.results(cohort).get((column.metric, column.group, "raw"), {})
    floors = board.results(cohort).get((column.metric, column.group, column.floor), {})
    standing = board.standings(cohort).get((column.metric, column.group), {})
    known = [row["value"] for row in floors.values() if row["value"] is not None]
    scale = marks.axis(rows.values(), known)
    found = []
    for model in models:
        record = model["record"]
        found.append(result_box(rows.get(record), floors.get(record), standing.get(record), scale, column))
    return found


def result_box(row: Row | None, floor: Row | None, standing: Row | None, scale: Scale, column: Column) -> Box:
    """Value, interval, letters, drawing; the reason where there is none."""
    if row is None:
        return Box("—", undefined=True, tip="not in this record", file="")
    if row["value"] is None:
        return Box("undefined", undefined=True, tip=row["reason"], file="")
    value, low, high = row["value"], row["low"], row["high"]
    real = floor["value"] if floor is not None else None
    tip = f"n = {count(row['n_generated'])}"
    tip += f", {count(row['n_reference'])} real" if row["n_reference"] else ""
    word = "real against real" if column.floor == "floor" else column.floor
    tip += f"; {word} {value_text(real)}" if real is not None else ""
    tip += f"; no interval: {row['interval_reason']}" if low is None and row["interval_reason"] else ""
    if standing is not None:
        best, worst = standing["best"], standing["worst"]
        place = f"rank {best}" + (f" to {worst}" if worst != best else "") + f" of {standing['contenders']}"
        tip += f"; {place}" if standing["tested"] else "; without standard errors no test can rank"
    shown = (f"{100 * value:.1f} %", f"{100 * low:.1f} to {100 * high:.1f}" if low is not None else "")
    if not column.percent:
        shown = (value_text(value, low, high, row["se"]), interval_text(value, low, high))
    centre = marks.centre(row)
    if centre is not None:
        unbiased = value_text(centre, low, high)
        shown = (shown[0], f"bias removed {unbiased}: {shown[1]}")
        tip += f"; the interval is of the value without its bias of few images, {unbiased}"
    return Box(
        shown[0],
        sub=shown[1] or "no interval",
        letters=standing["letters"] if standing is not None and standing["tested"] else "",
        top=bool(standing is not None and standing["tested"] and standing["top"]),
        figure=marks.interval(row, scale, real),
        tip=tip,
        ends=(low, high),
        file=value,
    )


def model_grid(
    board: Board, cohort: str, state: State, columns: Sequence[Column], name: str, caption: str, scope: str = "all"
) -> Grid:
    """Models by columns: ranks in front, then the model with its tier, then a column a metric."""
    order = order_of(board, cohort, scope)
    last = len(order)

    def place(model: Row) -> int:
        return order[model["record"]].place if model["record"] in order else last + 1

    def better(column: Column) -> Callable[[Row], float | None]:
        rows = board.results(cohort).get((column.metric, column.group, "raw"), {})
        return lambda model: _better(rows.get(model["record"]))

    keys: dict[str, Callable[[Row], Any]] = {"rank": place, "name": lambda model: model["name"].casefold()}
    keys |= {column.head.key: better(column) for column in columns}
    models = arranged(sorted(shown_models(board, cohort, state), key=place), keys, state.sort)

    def lines(part: slice) -> list[Line]:
        held = models[part]
        cells = [boxes(board, cohort, column, held) for column in columns]
        fronts = ((rank_box(order.get(model["record"]), last), model_box(model, state)) for model in held)
        return [(*front, *(each[index] for each in cells)) for index, front in enumerate(fronts)]

    tip = next(iter(order.values())).source if order else ""
    heads = [Head("Rank", "rank", tip=tip), Head("Model", "name"), *(column.head for column in columns)]
    return Grid(name, tuple(heads), len(models), lines, state, caption)


def _better(row: Row | None) -> float | None:
    """What a result is sorted by: least is best."""
    if row is None or row["value"] is None:
        return None
    return float({"higher": -row["value"], "lower": row["value"], "zero": abs(row["value"])}[row["direction"]])


def rank_box(rank: Rank | None, total: int) -> Box:
    """The ranks that are left open, as words and as a mark."""
    if rank is None:
        return Box("—", tip="A rank needs two models with the same metrics.", file="")
    words = str(rank.low) if rank.low == rank.high else f"{rank.low} to {rank.high}"
    return Box(words, figure=marks.places(rank.low, rank.high, total), tip=rank.tip, file=words)


def _short(parameters: int) -> str:
    for size, unit in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if parameters >= size:
            return f"{parameters / size:.3g} {unit}"
    return str(parameters)

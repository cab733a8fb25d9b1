"""A comparison as tables, in percent."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.comparison.compare import Contender, MetricComparison
from leaderboards.reporting.mirb_tables import interval, label, percent, signed
from leaderboards.reporting.numbers import count
from leaderboards.reporting.tables import Cell, Table
from mirb.comparison.pairs import UPPER, Pair


def names_of(found: Sequence[MetricComparison]) -> dict[str, str]:
    """Group -> what people call it."""
    return {each.group: label(each.group, next(iter(each.results.values()))).strip() for each in found}


def accuracy_table(found: Sequence[MetricComparison], names: Sequence[str]) -> Table:
    """A row a group: each model's accuracy with its interval, tie letters, and the ranks that the tests leave open."""
    titles = names_of(found)
    rows = []
    for each in found:
        cells: list[Cell] = [titles[each.group]]
        for name in names:
            result = each.results.get(name)
            if result is None:
                cells.append("undefined")
                continue
            best, worst = each.ranks[name]
            limits = interval(result)
            place = str(best) if best == worst else f"{best} to {worst}"
            shown = f" ({limits})" if limits else ""
            cells.append(f"{percent(result.value)}{shown} {each.letters[name]}, rank {place}")
        rows.append((*cells, next(iter(each.results.values())).n_generated))
    return Table(
        ("group", *names, "questions"),
        tuple(rows),
        frozenset(("questions",)),
        "Accuracy in percent, 95 % intervals, tie letters and ranks",
    )


def pairs_table(pairs: Sequence[Pair], titles: dict[str, str]) -> Table:
    """A row a group and pair: the better less the other, its interval, p-values, and what unparsed answers could do."""
    rows = []
    for each in pairs:
        estimate = each.gap.estimate
        low, high = estimate.low, estimate.high
        rows.append(
            (
                titles[each.group],
                f"{each.a} − {each.b}",
                signed(estimate.value),
                "" if low is None or high is None else f"{signed(low)} to {signed(high)}",
                p_text(each.gap.p),
                p_text(each.adjusted),
                p_text(each.family) if each.family is not None else "",
                "" if each.only_a is None else each.only_a,
                "" if each.only_b is None else each.only_b,
                "" if each.worst is None else f"{signed(each.worst)} to {signed(each.best)}",
                estimate.reason or estimate.interval_reason or estimate.method,
            )
        )
    columns = (
        "group",
        "pair",
        "difference",
        "95 % interval",
        "p",
        "p (Holm)",
        "p (Holm, all tasks)",
        "only the first right",
        "only the second right",
        "if unparsed were right",
        "how",
    )
    return Table(columns, tuple(rows), frozenset(columns[2:10]), "Differences in percent points, better less worse")


def power_table(pairs: Sequence[Pair], titles: dict[str, str]) -> Table:
    """A row a group and pair: what it would take to tell the two apart, and what these questions can show."""
    rows = tuple(
        (
            titles[each.group],
            f"{each.a} − {each.b}",
            each.questions,
            signed(each.gap.estimate.value),
            "—" if each.needed is None else count(each.needed),
            "—" if each.shown is None else percent(each.shown),
        )
        for each in pairs
    )
    columns = ("group", "pair", "questions", "difference", "questions needed", "smallest difference shown")
    return Table(
        columns, rows, frozenset(columns[2:]), "What it takes to tell two models apart (power 80 %, level after Holm)"
    )


def unparsed_table(contenders: Sequence[Contender], groups: Sequence[str], titles: dict[str, str]) -> Table | None:
    """A row a group: share of unparsed answers of each model, and its accuracy if all of them were right."""
    rows = []
    for group in groups:
        cells: list[Cell] = [titles[group]]
        for each in contenders:
            unparsed, upper = each.result("unparsed", group), each.result(UPPER, group)
            if unparsed is None or upper is None:
                return None
            cells.append(f"{percent(unparsed.value)} (up to {percent(upper.value)})")
        rows.append(tuple(cells))
    columns = ("group", *(each.name for each in contenders))
    return Table(
        columns, tuple(rows), frozenset(columns[1:]), "Unparsed answers in percent (accuracy if all of them were right)"
    )


def p_text(value: float | None) -> str:
    """A p-value."""
    return "—" if value is None else f"{value:.4f}" if value >= 0.0001 else "< 0.0001"

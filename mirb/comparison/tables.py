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
                points(estimate.value),
                "" if low is None or high is None else f"{points(low)} to {points(high)}",
                p_text(each.gap.p),
                p_text(each.adjusted),
                p_text(each.family) if each.family is not None else "",
                "" if each.only_a is None else each.only_a,
                "" if each.only_b is None else each.only_b,
                "" if each.worst is None else f"{points(each.worst)} to {points(each.best)}",
                _test(each),
            )
        )
    columns = (
        "group",
        "pair",
        "difference",
        "95 % interval",
        "p",
        "p (Holm)",
        "p (all tasks)",
        "first only",
        "second only",
        "if unparsed right",
        "test",
    )
    return Table(columns, tuple(rows), frozenset(columns[2:10]), "Differences in percent points, better less worse")


def power_table(pairs: Sequence[Pair], titles: dict[str, str]) -> Table:
    """A row a group and pair: what it would take to tell the two apart, and what these questions can show."""
    rows = tuple(
        (
            titles[each.group],
            f"{each.a} − {each.b}",
            each.questions,
            points(each.gap.estimate.value),
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


def points(value: float | None) -> str:
    """A difference in percent points with its sign, without a negative zero."""
    return signed(None if value is None else round(value, 3) + 0.0)


def _test(pair: Pair) -> str:
    """Which test the p-value is of, and why there is no interval where there is none."""
    estimate = pair.gap.estimate
    name = "exact McNemar" if "McNemar" in estimate.method else "sign flips" if pair.gap.paired else "unpaired"
    both = estimate.method.partition("; on the ")[2]
    more = [each for each in (estimate.reason or estimate.interval_reason, both and f"on the {both}") if each]
    return "; ".join([name, *more])


def p_text(value: float | None) -> str:
    """A p-value."""
    return "—" if value is None else f"{value:.4f}" if value >= 0.0001 else "< 0.0001"

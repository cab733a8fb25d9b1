"""Two models, metric by metric: difference, interval, test, effect size, n."""

from __future__ import annotations

from collections import Counter
from typing import Any

from leaderboards.app import marks
from leaderboards.app.grid import Box, Grid, Head, Line, listed
from leaderboards.app.html import render
from leaderboards.app.lines import shown_models
from leaderboards.app.state import State
from leaderboards.app.views.common import cohort_title
from leaderboards.boards.board import Board
from leaderboards.boards.words import question, title
from leaderboards.reporting.numbers import ARROWS, count, interval_text, value_text
from leaderboards.reporting.scales import Scale

Row = dict[str, Any]

ALPHA = 0.05

HEADS = (
    Head("Metric", "metric"),
    Head("A", numeric=True),
    Head("B", numeric=True),
    Head("A − B", "difference", numeric=True, tip="Value of A less value of B, with its 95 % interval."),
    Head("Verdict", "verdict", tip="At a family-wise error of 5 % over all pairs of models on this metric."),
    Head("p", "p", "Holm", True, "Adjusted over all pairs of models on this metric."),
    Head("Effect", "effect", "size", True, "Difference in standard deviations of the paired differences, where known."),
    Head("n", numeric=True),
    Head("How"),
)


def pair(board: Board, state: State) -> tuple[Row, Row, Row] | None:
    """Cohort, model A, model B: those of the state, else the first two; None without two models."""
    cohort = board.cohort(state.board)
    if cohort is None:
        return None
    # A search narrows tables, not the choice of whom to compare.
    models = shown_models(board, cohort["cohort"], State())
    if len(models) < 2:
        return None
    a = _find(models, state.a) or models[0]
    b = _find(models, state.b)
    if b is None or b is a:
        b = next(model for model in models if model is not a)
    return cohort, a, b


def grid(board: Board, state: State) -> Grid | None:
    """A line a metric."""
    found = pair(board, state)
    if found is None:
        return None
    cohort, a, b = found
    rows = oriented(board, cohort["cohort"], a, b, state)
    results = board.results(cohort["cohort"])

    def line(row: Row) -> Line:
        values = [results[row["metric"], row["group"], "raw"][each["record"]] for each in (a, b)]
        return _line(row, values)

    keys = {
        "metric": lambda row: _name(row).casefold(),
        "difference": lambda row: row["difference"],
        "verdict": lambda row: row["verdict"],
        "p": lambda row: row["p_holm"],
        "effect": lambda row: row["effect_size"],
    }
    caption = f"{a['name']} (A) against {b['name']} (B): {cohort_title(cohort)}"
    return listed("compare", HEADS, rows, line, keys, state, caption)


def view(board: Board, state: State) -> str:
    """The verdicts counted, then the table."""
    found = pair(board, state)
    if found is None:
        return render("empty.html.j2", state, title="Compare two models")
    cohort, a, b = found
    rows = oriented(board, cohort["cohort"], a, b, state)
    return render(
        "compare.html.j2",
        state,
        cohort=cohort,
        cohort_title=cohort_title(cohort),
        a=a,
        b=b,
        swapped=state.but(a=b["record"][:16], b=a["record"][:16]).query,
        verdicts=Counter(row["verdict"] for row in rows),
        total=len(rows),
        grid=grid(board, state),
    )


def oriented(board: Board, cohort: str, a: Row, b: Row, state: State) -> list[Row]:
    """The pair's rows as A less B, with a verdict: "A", "B", "none shown" or "no test"."""
    found = []
    for row in board.of("pairs", cohort):
        if {row["a"], row["b"]} != {a["record"], b["record"]}:
            continue
        if state.metric and state.metric not in (row["metric"], row["group"]):
            continue
        turned = dict(row)
        if row["a"] == b["record"]:
            turned["difference"] = _minus(row["difference"])
            turned["low"], turned["high"] = _minus(row["high"]), _minus(row["low"])
            turned["effect_size"] = _minus(row["effect_size"])
            turned["n_a"], turned["n_b"] = row["n_b"], row["n_a"]
        better = "A" if row["a"] == a["record"] else "B"  # a row names the better one first
        p = row["p_holm"]
        turned["verdict"] = "no test" if p is None else better if p <= ALPHA else "none shown"
        found.append(turned)
    return found


def _line(row: Row, values: list[Row]) -> Line:
    verdict = row["verdict"]
    words = {"A": "A is better", "B": "B is better", "none shown": "no difference shown", "no test": "no test"}
    n = count(row["n_a"]) if row["n_a"] == row["n_b"] else f"{count(row['n_a'])}, {count(row['n_b'])}"
    how = f"{'paired' if row['paired'] else 'not paired'}: {row['method'] or row['reason']}"
    gap, low, high = row["difference"], row["low"], row["high"]
    return (
        Box(f"{_name(row)} {ARROWS[row['direction']]}", tip=question(row["metric"]), file=_file_name(row)),
        *(_value(each) for each in values),
        Box(
            value_text(gap, low, high, row["se"]),
            sub=interval_text(gap, low, high) or "no interval",
            figure=None if gap is None else marks.interval(row | {"value": gap}, _axis(gap, low, high), 0.0),
            tip=row["reason"],
            ends=(low, high),
            file="" if gap is None else gap,
        ),
        Box(words[verdict], badge={"A": "better", "B": "better"}.get(verdict, "tie")),
        Box(_p(row["p_holm"]), tip=f"unadjusted {_p(row['p'])}", file="" if row["p_holm"] is None else row["p_holm"]),
        Box(_effect(row["effect_size"]), file="" if row["effect_size"] is None else row["effect_size"]),
        Box(n),
        Box(how),
    )


def _axis(gap: float, low: float | None, high: float | None) -> Scale:
    """An axis of its own, with 0 in the middle: metrics have different units."""
    reach = max(abs(each) for each in (gap, low, high) if each is not None) or 1.0
    return Scale(-1.06 * reach, 1.06 * reach, 5, marks.WIDTH - 5)


def _value(row: Row) -> Box:
    value = row["value"]
    return Box(value_text(value, row["low"], row["high"], row["se"]), file="" if value is None else value)


def _find(models: list[Row], wanted: str) -> Row | None:
    if not wanted:
        return None
    return next((model for model in models if model["record"].startswith(wanted)), None)


def _name(row: Row) -> str:
    group = "" if row["group"] == "overall" else row["group"].partition("=")[2]
    return f"{title(row['metric'])}, {group}" if group else title(row["metric"])


def _file_name(row: Row) -> str:
    return row["metric"] if row["group"] == "overall" else f"{row['metric']}, {row['group']}"


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _effect(value: float | None) -> str:
    return "—" if value is None else f"{value:+.2f}".replace("-", "−")


def _p(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}" if value >= 0.0001 else "< 0.0001"

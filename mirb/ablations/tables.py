"""An ablation record as tables, in percent."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.reporting.mirb_tables import interval, label, percent
from leaderboards.reporting.tables import Cell, Table
from mirb.ablations import ABLATIONS, Ablation
from mirb.comparison.tables import p_text, points
from mirb.tasks import EXTRA_TASKS, TASKS


class View:
    """A record with look-ups."""

    def __init__(self, record: ResultRecord) -> None:
        self.record = record
        self._index: dict[tuple[str, str, str], MetricResult] = {
            (each.metric, each.group, each.variant): each for each in record.results
        }

    def get(self, metric: str, group: str, variant: str = "raw") -> MetricResult | None:
        """The result of this name, or None."""
        return self._index.get((metric, group, variant))

    def has(self, metric: str) -> bool:
        """Whether there is any result of a metric."""
        return any(each.metric == metric for each in self.record.results)

    @property
    def groups(self) -> list[str]:
        """Overall, then the tasks in the order of the benchmark."""
        present = {each.group for each in self.record.results}
        order = ["overall", *(f"task={task.name}" for task in (*TASKS, *EXTRA_TASKS))]
        return [group for group in order if group in present]

    def title(self, group: str) -> str:
        """ "Overall (macro)", "food"."""
        result = next(each for each in self.record.results if each.group == group)
        return label(group, result).strip()

    def asked(self, kind: str) -> list[Ablation]:
        """The ablations of a kind that have results."""
        return [each for each in ABLATIONS.values() if each.kind == kind and self.has(f"accuracy_{each.metric}")]


def tables_of(view: View) -> dict[str, Table]:
    """All tables that have rows."""
    made = {
        "need": _need(view),
        "blind": _blind(view),
        "form": _form(view),
        "order": _order(view),
        "position": _position(view),
    }
    return {name: table for name, table in made.items() if table is not None and table.rows}


def gap(result: MetricResult | None) -> str:
    """ "+12.0 (3.1 to 20.4)", "" where there is none."""
    if result is None:
        return ""
    limits = interval(result)
    return points(result.value) + (f" ({limits})" if limits else "")


def _need(view: View) -> Table | None:
    ablations = view.asked("need")
    if not ablations:
        return None
    extra = [each for each in ("needed", "others") if view.has(f"image_need_leave_one_out_{each}")]
    rows = []
    for group in view.groups:
        found = [view.get(f"image_need_{each.metric}", group) for each in ablations]
        found += [view.get(f"image_need_leave_one_out_{each}", group) for each in extra]
        known = [each for each in found if each is not None]
        if known:
            rows.append((view.title(group), percent(known[0].extra.get("first")), *(gap(each) for each in found)))
    columns = ("task", "accuracy", *(each.name for each in ablations))
    columns += tuple({"needed": "needed image out", "others": "other image out"}[each] for each in extra)
    return Table(columns, tuple(rows), frozenset(columns[1:]), "Image need: accuracy lost, in percent points")


def _blind(view: View) -> Table | None:
    rows: list[tuple[Cell, ...]] = []
    names = [("right_without_needed", "all of them")]
    names += [(f"right_without_needed_{each.metric}", each.name) for each in view.asked("need")]
    for metric, name in names:
        for group in view.groups:
            result = view.get(metric, group)
            if result is None or (group != "overall" and metric != names[0][0] and len(view.groups) > 8):
                continue
            guess, constant = view.get(metric, group, "chance"), view.get(metric, group, "constant")
            floor = max(each.value for each in (guess, constant) if each is not None and each.value is not None)
            above = result.low is not None and result.low > floor
            rows.append(
                (
                    name,
                    view.title(group),
                    percent(result.value),
                    interval(result),
                    "" if guess is None else percent(guess.value),
                    "" if constant is None else percent(constant.value),
                    "yes" if above else "no",
                    result.n_generated,
                )
            )
    columns = ("ablation", "task", "right", "95 % interval", "guessing", "best constant", "beyond both", "asked")
    return Table(columns, tuple(rows), frozenset(columns[2:]), "Right without an image that the question needs")


def _form(view: View) -> Table | None:
    rows: list[tuple[Cell, ...]] = []
    for ablation in view.asked("form"):
        for group in view.groups:
            change = view.get(f"change_{ablation.metric}", group)
            if change is not None:
                rows.append(
                    (
                        ablation.name,
                        view.title(group),
                        percent(change.extra.get("second")),
                        percent(change.extra.get("first")),
                        gap(change),
                        p_text(change.extra.get("p")),
                        change.n_generated,
                    )
                )
    columns = ("ablation", "task", "original", "changed", "change", "p", "questions")
    return Table(columns, tuple(rows), frozenset(columns[2:]), "The same questions in another form")


def _order(view: View) -> Table | None:
    rows: list[tuple[Cell, ...]] = []
    for ablation in view.asked("order"):
        for group in view.groups:
            flips, change = (view.get(f"{name}_{ablation.metric}", group) for name in ("flips", "change"))
            if flips is None or change is None:
                continue
            above = view.get(f"flips_{ablation.metric}_above_floor", group)
            every = view.get("right_in_all_orders", group) if ablation.name == "option-order" else None
            rows.append(
                (
                    ablation.name,
                    view.title(group),
                    percent(flips.value),
                    interval(flips),
                    "" if above is None else percent(above.extra.get("second")),
                    "" if above is None else p_text(above.extra.get("p")),
                    percent(change.extra.get("second")),
                    percent(change.extra.get("first")),
                    "" if every is None else percent(every.value),
                    change.n_generated,
                )
            )
    columns = (
        "ablation",
        "task",
        "answers flipped",
        "95 % interval",
        "asked again",
        "p of the difference",
        "accuracy before",
        "after",
        "right in all orders",
        "questions",
    )
    return Table(columns, tuple(rows), frozenset(columns[2:]), "Order: answers that move with the order")


def _position(view: View) -> Table | None:
    found = [(group, result) for group in view.groups if (result := view.get("position_bias", group)) is not None]
    letters = [letter for letter in "ABCDEFGH" if any(f"share_{letter}" in result.extra for _, result in found)]
    rows: list[tuple[Cell, ...]] = [
        (
            view.title(group),
            *(_share(result, letter) for letter in letters),
            percent(result.value),
            p_text(result.extra.get("p")),
            int(result.extra.get("answers", 0)),
        )
        for group, result in found
    ]
    columns = ("task", *letters, "distance from even", "p", "choices")
    return Table(columns, tuple(rows), frozenset(columns[1:]), "Position bias: share of each letter (gold share)")


def _share(result: MetricResult, letter: str) -> str:
    share = result.extra.get(f"share_{letter}")
    return "" if share is None else f"{percent(share)} ({percent(result.extra[f'even_{letter}'])})"


def unfit_rows(record: ResultRecord) -> Sequence[tuple[str, str]]:
    """What an ablation was not asked, and why."""
    return sorted(record.not_applicable.items())

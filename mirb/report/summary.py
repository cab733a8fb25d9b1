"""The top of the page and its main table."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.reporting.forest import Estimated
from leaderboards.reporting.mirb_tables import groups, interval, label, percent, signed
from leaderboards.reporting.strip import strip
from leaderboards.reporting.svg import Figure


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

    def value(self, metric: str, group: str, variant: str = "raw") -> float | None:
        """Its value, or None."""
        found = self.get(metric, group, variant)
        return None if found is None else found.value

    @property
    def groups(self) -> list[str]:
        """Overall, categories with their tasks, extra tasks."""
        return groups(self.record)

    @property
    def headline(self) -> str:
        """Overall, or the only task where nothing is averaged."""
        return self.groups[0]


@dataclass(frozen=True, slots=True)
class Card:
    """A headline number; `beside` is what it must be compared with."""

    title: str
    hint: str
    value: str
    range: str
    beside: str
    picture: Figure | None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the main table. kind: overall, category or task."""

    kind: str
    label: str
    accuracy: str
    interval: str
    reason: str
    chance: str
    constant: str
    above: str
    above_interval: str
    unparsed: str
    upper: str
    truncated: str
    count: int
    sort: str


def cards(view: View) -> list[Card]:
    """Accuracy as the protocol averages it, above chance, the other average, unparsed answers."""
    group = view.headline
    found = []
    accuracy = view.get("accuracy", group)
    average = str(accuracy.parameters.get("average", "")) if accuracy is not None else ""
    other = "micro" if average == "macro" else "macro"
    titles = {
        "accuracy": (f"Accuracy, {average}" if average else "Accuracy", _AVERAGES.get(average, "share right")),
        "accuracy_above_chance": ("Above chance", "0 is guessing, 100 all right"),
        f"accuracy_{other}": (f"Accuracy, {other}", _AVERAGES[other]),
        "unparsed": ("Unparsed", "what they say cannot be told"),
    }
    for metric, (title, hint) in titles.items():
        result = view.get(metric, group)
        if result is None or result.value is None:
            continue
        chance = view.get(metric, group, "chance")
        constant = view.value(metric, group, "constant")
        beside = [] if chance is None or chance.value is None else [f"guessing {percent(chance.value)}"]
        beside += [] if constant is None else [f"best constant answers {percent(constant)}"]
        upper = view.get("accuracy_if_unparsed_right", group)
        if metric == "accuracy" and upper is not None and upper.value != result.value:
            beside.append(f"{percent(upper.value)} if every unparsed answer were right")
        found.append(
            Card(
                title=title,
                hint=hint,
                value=(signed if metric == "accuracy_above_chance" else percent)(result.value) + " %",
                range=f"95 % interval {interval(result)}" if result.low is not None else "no interval",
                beside="; ".join(beside),
                picture=None
                if metric == "accuracy_above_chance"
                else strip(
                    f"card-{metric.replace('_', '-')}",
                    title,
                    Estimated(result.value, result.low, result.high),
                    estimated(chance),
                    "higher",
                    "chance",
                ),
            )
        )
    return found


_AVERAGES = {
    "macro": "mean of the category means",
    "micro": "share of all questions",
    "": "share right",
}


def rows(view: View) -> list[Row]:
    """One line for overall, each category and each task."""
    return [_row(view, group) for group in view.groups]


def _row(view: View, group: str) -> Row:
    accuracy = view.get("accuracy", group)
    assert accuracy is not None
    above = view.get("accuracy_above_chance", group)
    return Row(
        kind=group.partition("=")[0],
        label=label(group, accuracy).strip(),
        accuracy=percent(accuracy.value),
        interval=interval(accuracy),
        reason=accuracy.interval_reason or "",
        chance=percent(view.value("accuracy", group, "chance")),
        constant=percent(view.value("accuracy", group, "constant")),
        above=signed(None if above is None else above.value),
        above_interval="" if above is None else interval(above),
        unparsed=percent(view.value("unparsed", group)),
        upper=percent(view.value("accuracy_if_unparsed_right", group)),
        truncated=percent(view.value("truncated", group)),
        count=accuracy.n_generated,
        sort="" if accuracy.value is None else repr(accuracy.value),
    )


def estimated(result: MetricResult | None) -> Estimated | None:
    """A result as a figure draws it."""
    if result is None or result.value is None:
        return None
    return Estimated(result.value, result.low, result.high)

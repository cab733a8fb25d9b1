"""Forest plot and radars of a MIRB record."""

from __future__ import annotations

from leaderboards.records.schema import MetricResult
from leaderboards.reporting.forest import Estimated, ForestCell, ForestPanel, ForestRow, ForestWords, forest
from leaderboards.reporting.mirb_tables import interval, label, percent
from leaderboards.reporting.radar import RadarSeries, radar
from leaderboards.reporting.svg import Figure
from mirb.report.summary import View, estimated

WORDS = ForestWords(
    counts="asked", main="model, with 95 % interval", matched="best constant answer", floor="guessing (chance)"
)


def forest_of(view: View) -> Figure:
    """Accuracy, and accuracy above chance, of overall, each category and each task."""
    rows, accuracy, above = [], [], []
    for index, group in enumerate(view.groups):
        result = view.get("accuracy", group)
        assert result is not None
        task = group.startswith("task=")
        name = label(group, result).strip()
        rows.append(ForestRow(name, str(result.n_generated), strong=not task, ruled=index > 0 and not task))
        constant = view.get("accuracy", group, "constant")
        chance = view.get("accuracy", group, "chance")
        accuracy.append(
            ForestCell(
                estimated(result), estimated(constant), estimated(chance), _tip(name, result), result.reason or ""
            )
        )
        corrected = view.get("accuracy_above_chance", group)
        reason = "" if corrected is None else corrected.reason or ""
        tip = "" if corrected is None else _tip(name, corrected)
        above.append(ForestCell(estimated(corrected), None, Estimated(0.0), tip, reason))
    panels = (
        ForestPanel("Accuracy", "higher", tuple(accuracy)),
        ForestPanel("Above chance (0 guessing, 1 all right)", "higher", tuple(above)),
    )
    return forest("forest-tasks", "Accuracy by category and task", rows, panels, words=WORDS)


def radars_of(view: View) -> list[Figure]:
    """Accuracy by category and by task, beside guessing; only where there are at least three axes."""
    found = []
    for kind, title in (("category", "Accuracy by category"), ("task", "Accuracy by task")):
        groups = [group for group in view.groups if group.startswith(f"{kind}=")]
        if len(groups) >= 3:
            found.append(_radar(view, kind, title, groups))
    return found


def _radar(view: View, kind: str, title: str, groups: list[str]) -> Figure:
    results = [view.get("accuracy", group) for group in groups]
    model = RadarSeries(
        "model",
        tuple(None if each is None else each.value for each in results),
        tuple(None if each is None else each.low for each in results),
        tuple(None if each is None else each.high for each in results),
    )
    chance = RadarSeries(
        "guessing", tuple(view.value("accuracy", group, "chance") for group in groups), css="2", dashed=True
    )
    names = [
        label(group, each).strip() if each is not None else group for group, each in zip(groups, results, strict=True)
    ]
    return radar(f"radar-{kind}", title, names, [model, chance])


def _tip(name: str, result: MetricResult) -> str:
    shown = interval(result)
    return f"{name}: {percent(result.value)} %" + (f" ({shown})" if shown else "")

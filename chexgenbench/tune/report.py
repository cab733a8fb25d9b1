"""What a search found: all trials as a table, the Pareto front on the terminal and as a drawing."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chexgenbench.tune.search import Done, front_of
from data_splits.integrity import write_json, write_text

if TYPE_CHECKING:
    from leaderboards.reporting.scatter import Point

TABLE, ANSWER, DRAWING = "trials.csv", "tune.json", "front.svg"
COLUMNS = ("trial", "mask", "learning_rate", "trainable", "memorisation", "fidelity", "on_front", "failed")


def summary(trials: Sequence[Done], memorisation: str, fidelity: str, folder: Path) -> dict[str, Any]:
    """Plain JSON values: the objectives, every trial, and the numbers of those on the front, least memorised first."""
    front = sorted(front_of(trials), key=lambda each: each.values or ())
    on_front = {each.number for each in front}
    return {
        "folder": str(folder),
        "objectives": {"memorisation": memorisation, "fidelity": fidelity},
        "front": [each.number for each in front],
        "trials": [
            {
                "number": each.number,
                "mask": each.point.mask,
                "learning_rate": each.point.learning_rate,
                "on_front": each.number in on_front,
                **dict(zip(("memorisation", "fidelity"), each.values or (None, None), strict=True)),
                **each.facts,
            }
            for each in trials
        ],
    }


def write(found: dict[str, Any], folder: Path) -> None:
    """Write tune.json, trials.csv and front.svg; the same trials give the same bytes."""
    write_json(folder / ANSWER, {name: value for name, value in found.items() if name != "folder"})
    stream = io.StringIO()
    rows = csv.DictWriter(stream, COLUMNS, extrasaction="ignore", lineterminator="\n")
    rows.writeheader()
    rows.writerows({"trial": each["number"], **each} for each in found["trials"])
    write_text(folder / TABLE, stream.getvalue())
    points = [_drawn(each, found["objectives"]) for each in found["trials"] if each["fidelity"] is not None]
    if points:
        write_text(folder / DRAWING, drawing(points, found["objectives"]))


def drawing(points: Sequence[Point], objectives: dict[str, str]) -> str:
    """Memorisation across, fidelity up; both objectives are lower where they are better."""
    from leaderboards.reporting.scatter import Axis, scatter

    across, up = Axis(objectives["memorisation"], "lower"), Axis(objectives["fidelity"], "lower")
    title = f"{objectives['fidelity']} against {objectives['memorisation']}, trial by trial"
    return scatter("front", title, across, up, points).standalone


def _drawn(trial: dict[str, Any], objectives: dict[str, str]) -> Point:
    from leaderboards.reporting.forest import Estimated
    from leaderboards.reporting.scatter import Point

    def estimated(objective: str) -> Estimated:
        value, measured = trial[objective], trial["results"][objectives[objective]]
        low, high = measured["low"], measured["high"]
        if low is None or high is None:
            return Estimated(value)
        if measured["value"] != value:  # higher is better: it was turned around
            low, high = -high, -low
        return Estimated(value, low, high)

    tip = f"trial {trial['number']}: mask {trial['mask']}, learning rate {trial['learning_rate']:.3g}"
    label = str(trial["number"])
    return Point(label, estimated("memorisation"), estimated("fidelity"), bool(trial["on_front"]), tip)


def show(found: dict[str, Any]) -> None:
    """Print the front as a table."""
    from rich.console import Console
    from rich.table import Table

    objectives = found["objectives"]
    by_number = {each["number"]: each for each in found["trials"]}
    done = sum(each["fidelity"] is not None for each in found["trials"])
    table = Table(title=f"Pareto front: {len(found['front'])} of {done} trials")
    for name in ("trial", "mask", "learning rate", "trained"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("memorisation", "fidelity"):
        table.add_column(f"{objectives[name]} ↓", justify="right")
    for number in found["front"]:
        each = by_number[number]
        table.add_row(
            str(number), each["mask"], f"{each['learning_rate']:.3g}", f"{each['trainable']:,}",
            f"{each['memorisation']:.4g}", f"{each['fidelity']:.4g}",
        )  # fmt: skip
    Console().print(table)

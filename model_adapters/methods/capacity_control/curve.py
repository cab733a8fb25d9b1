"""The loss curve that lies beside a fine-tuned model: loss.csv, and a drawing of it in loss.svg."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from data_splits.integrity import write_text
from leaderboards.reporting.scales import Scale, scale_for
from leaderboards.reporting.svg import Drawing
from model_adapters.methods.capacity_control.state import COLUMNS

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560.0, 300.0, 62.0, 20.0, 36.0, 44.0

POINTS = 60
"""Means over so many stretches of the training are drawn: single losses jump with the noise level drawn."""

Curve = Sequence[Sequence[float]]
"""Rows of `COLUMNS`."""


def write_curve(curve: Curve, folder: Path) -> None:
    """Write loss.csv and loss.svg; a value that was not measured is an empty cell."""
    rows = [",".join("" if math.isnan(value) else f"{value:.9g}" for value in row) for row in curve]
    write_text(folder / "loss.csv", "\n".join([",".join(COLUMNS), *rows]) + "\n")
    write_text(folder / "loss.svg", _drawn(smoothed(curve)))


def smoothed(curve: Curve, points: int = POINTS) -> list[tuple[float, float]]:
    """(last step, mean loss) of each of at most `points` equal stretches; steps that taught nothing are left out."""
    size = max(1, -(-len(curve) // points))
    found = []
    for start in range(0, len(curve), size):
        part = [row for row in curve[start : start + size] if not math.isnan(row[1])]
        if part:
            found.append((part[-1][0], sum(row[1] for row in part) / len(part)))
    return found


def late_loss(curve: Curve) -> float | None:
    """Mean loss of the last tenth of the steps, None where nothing was taught in it."""
    late = [row[1] for row in curve[-max(1, len(curve) // 10) :] if not math.isnan(row[1])]
    return sum(late) / len(late) if late else None


def _drawn(points: list[tuple[float, float]]) -> str:
    drawing = Drawing(WIDTH, HEIGHT, "Training loss", f"{len(points)} means; the numbers are in loss.csv.")
    across = Scale(0, max([1.0, *(x for x, _ in points)]), LEFT, WIDTH - RIGHT)
    up = scale_for([y for _, y in points], [], HEIGHT - BOTTOM, TOP)
    for value, label in up.ticks():
        drawing.line(LEFT, up(value), WIDTH - RIGHT, up(value), "s-grid")
        drawing.text(LEFT - 8, up(value) + 4, label, "f-muted", 11, "end")
    for value, label in across.ticks():
        drawing.text(across(value), HEIGHT - BOTTOM + 18, label, "f-muted", 11, "middle")
    drawing.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "s-axis")
    drawing.text(LEFT, 20, "Training loss (mean square of the prediction's error)", "f-strong", 12)
    drawing.text(WIDTH - RIGHT, HEIGHT - 8, "step", "f-muted", 11, "end")
    if len(points) == 1:
        drawing.circle(across(points[0][0]), up(points[0][1]), 3, "f-accent")
    drawing.polyline([(across(x), up(y)) for x, y in points], "s-accent", 1.8)
    return drawing.figure("loss").standalone

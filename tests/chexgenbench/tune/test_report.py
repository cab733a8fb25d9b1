"""Table, JSON and drawing of a search say the same, and the same trials give the same bytes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from chexgenbench.tune import report
from chexgenbench.tune.search import Done, Point


def done(number: int, values: tuple[float, float] | None, mask: str = "10") -> Done:
    facts: dict[str, object] = {"failed": "The loss of step 3 is nan."}
    if values is not None:
        kid = {"value": values[1], "low": values[1] - 0.1, "high": values[1] + 0.1, "n": 9}
        coverage = {"value": -values[0], "low": None, "high": None, "n": 9}
        facts = {"trainable": 5, "results": {"kid_lite0": kid, "coverage_lite0": coverage}}
    return Done(number, Point(mask, 1e-4), values, facts)


TRIALS = [done(0, (0.9, 0.1)), done(1, (0.5, 0.4)), done(2, (0.95, 0.2)), done(3, None)]


def found(folder: Path) -> dict[str, object]:
    return report.summary(TRIALS, "coverage_lite0", "kid_lite0", folder)


def test_the_front_is_named_least_memorised_first(tmp_path: Path) -> None:
    told = report.summary(TRIALS, "coverage_lite0", "kid_lite0", tmp_path)
    assert told["front"] == [1, 0]
    assert [each["on_front"] for each in told["trials"]] == [True, True, False, False]
    assert told["trials"][3]["fidelity"] is None and told["trials"][3]["failed"]


def test_what_is_written_agrees(tmp_path: Path) -> None:
    report.write(found(tmp_path), tmp_path)
    rows = list(csv.DictReader((tmp_path / report.TABLE).open(encoding="utf-8")))
    kept = json.loads((tmp_path / report.ANSWER).read_text("utf-8"))
    assert [int(row["trial"]) for row in rows] == [each["number"] for each in kept["trials"]] == [0, 1, 2, 3]
    assert [row["memorisation"] for row in rows] == ["0.9", "0.5", "0.95", ""]
    assert "folder" not in kept, "the same search elsewhere has the same bytes"
    drawing = (tmp_path / report.DRAWING).read_text("utf-8")
    assert drawing.count("trial ") >= 3 and "kid_lite0" in drawing and "coverage_lite0" in drawing
    first = [(tmp_path / name).read_bytes() for name in (report.TABLE, report.ANSWER, report.DRAWING)]
    report.write(found(tmp_path / "elsewhere"), tmp_path)
    assert first == [(tmp_path / name).read_bytes() for name in (report.TABLE, report.ANSWER, report.DRAWING)]


def test_nothing_but_failures_draws_nothing(tmp_path: Path) -> None:
    report.write(report.summary([done(0, None)], "a", "b", tmp_path), tmp_path)
    assert not (tmp_path / report.DRAWING).exists() and (tmp_path / report.TABLE).exists()


def test_an_interval_of_what_was_turned_around_is_turned_too() -> None:
    trial = report.summary([done(0, (0.9, 0.1))], "coverage_lite0", "kid_lite0", Path())["trials"][0]
    trial["results"]["coverage_lite0"] |= {"low": -0.95, "high": -0.7}
    point = report._drawn(trial, {"memorisation": "coverage_lite0", "fidelity": "kid_lite0"})
    assert point.x.value == 0.9 and (point.x.low, point.x.high) == (0.7, 0.95)
    assert (point.y.low, point.y.high) == (0.0, 0.2)


def test_the_table_on_the_terminal_names_the_front(capsys) -> None:
    report.show(found(Path()))
    shown = capsys.readouterr().out
    assert "2 of 3 trials" in shown and "coverage_lite0" in shown

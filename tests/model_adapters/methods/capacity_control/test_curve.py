import csv
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest

from model_adapters.methods.capacity_control.curve import late_loss, smoothed, write_curve

CURVE = [(float(step), 1.0 / step, 8.0, math.nan, 1e-4) for step in range(1, 241)]


def test_the_table_holds_every_step_and_leaves_empty_what_was_not_measured(tmp_path: Path) -> None:
    write_curve(CURVE, tmp_path)
    with (tmp_path / "loss.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 240 and float(rows[9]["loss"]) == pytest.approx(0.1) and rows[0]["noise_norm"] == ""


def test_the_drawing_is_sound_also_of_one_step_and_of_none(tmp_path: Path) -> None:
    for curve in (CURVE, CURVE[:1], []):
        write_curve(curve, tmp_path)
        root = ElementTree.parse(tmp_path / "loss.svg").getroot()
        assert root.tag.endswith("svg") and "NaN" not in (tmp_path / "loss.svg").read_text().upper().replace(
            "NAN", "NaN"
        )


def test_means_are_over_equal_stretches_and_leave_out_what_taught_nothing() -> None:
    curve = [(float(step), float(step), 8.0, math.nan, 1e-4) for step in range(1, 121)]
    assert smoothed(curve, 60)[:2] == [(2.0, 1.5), (4.0, 3.5)] and len(smoothed(curve, 60)) == 60
    curve[1] = (2.0, math.nan, 0.0, 5.0, 1e-4)
    assert smoothed(curve, 60)[0] == (1.0, 1.0)


def test_the_late_loss_is_the_mean_of_the_last_tenth() -> None:
    assert late_loss([(float(s), float(s), 1.0, 0.0, 0.0) for s in range(1, 101)]) == pytest.approx(95.5)
    assert late_loss([]) is None and late_loss([(1.0, math.nan, 0.0, 0.0, 0.0)]) is None

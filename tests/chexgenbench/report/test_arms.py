from __future__ import annotations

import made_up_record

from chexgenbench.report.arms import ARMS, arms, curves
from chexgenbench.report.summary import extras
from chexgenbench.report.view import RecordView
from leaderboards.records.schema import MetricResult

EXTRA = {
    "trtr": 0.84, "trtr_low": 0.81, "trtr_high": 0.87, "tstr_minus_trtr": -0.12, "tstr_minus_trtr_low": -0.15,
    "tstr_minus_trtr_high": -0.09, "trtr_25": 0.76, "trtr_50": 0.8, "tstr_25": 0.61, "tstr_50": 0.66, "labels": 14.0,
}  # fmt: skip


def view(extra: dict[str, float]) -> RecordView:
    utility = MetricResult(
        metric="utility_auroc_lite0", family="utility", value=0.72, low=0.69, high=0.75, n_generated=400,
        n_reference=400, estimator="classification", direction="higher", extra=extra,
    )  # fmt: skip
    return RecordView(made_up_record.record(results=[*made_up_record.results(), utility]))


def test_arms_stand_side_by_side_and_missing_ones_stay_empty() -> None:
    (row,) = arms(view(EXTRA))
    cells = dict(zip(ARMS, row.cells, strict=True))
    assert cells["trtr"] is not None and (cells["trtr"].value, cells["trtr"].interval) == ("0.840", "0.810 to 0.870")
    assert cells["tstr"] is not None and cells["tstr"].value == "0.720"
    assert cells["tstr_minus_trtr"] is not None and cells["tstr_minus_trtr"].interval == "−0.150 to −0.090"
    assert cells["mixed"] is None and cells["augmented"] is None


def test_the_learning_curve_ends_with_all_cases() -> None:
    (curve,) = curves(view(EXTRA))
    assert [shown.value for shown in curve.real if shown] == ["0.7600", "0.8000", "0.840"]
    assert [shown.value for shown in curve.synthetic if shown] == ["0.6100", "0.6600", "0.720"]


def test_a_metric_without_arms_has_no_row() -> None:
    assert arms(view({"pairs": 5.0})) == [] and curves(view({"pairs": 5.0})) == []


def test_counts_among_the_extras_are_whole_numbers() -> None:
    found = dict(extras(view(EXTRA)))
    assert ("labels that could be scored", "14") in next(rows for title, rows in found.items() if "tility" in title)

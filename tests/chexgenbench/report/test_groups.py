from __future__ import annotations

import made_up_record
import pytest

from chexgenbench.report.groups import forest_of, gap, left_out, ratio_shade, shade
from chexgenbench.report.view import RecordView, group_label
from leaderboards.records.schema import MetricResult


def overall(
    value: float, direction: str = "lower", low: float | None = None, high: float | None = None
) -> MetricResult:
    numbers = {"value": value, "low": low, "high": high, "n_generated": 9, "n_reference": 9}
    words = {"metric": "m", "family": "fidelity", "estimator": "scalar", "direction": direction}
    return MetricResult.model_validate(numbers | words)


@pytest.mark.parametrize(
    ("value", "expected"), [(1.5, 0.0), (2.5, 0.5), (5.0, 1.0), (50.0, 1.0), (0.75, -1.0), (0.5, -1.0), (0.1, -1.0)]
)
def test_shade_is_the_log_ratio_of_gaps(value: float, expected: float) -> None:
    # Overall gap 1; a floor of 0.5 for the group: 1.5 has the same gap, 2.5 twice, 0.75 a quarter.
    assert shade(value, 0.5, overall(1.2), 0.2) == pytest.approx(expected)


def test_shade_is_the_same_whichever_way_is_better() -> None:
    for value in (0.2, 0.5, 0.7):
        down = shade(1 - value, 0.1, overall(0.5, "lower"), 0.1)
        assert shade(value, 0.9, overall(0.5, "higher"), 0.9) == pytest.approx(down)
    assert gap(-3.0, 1.0, "zero") == 2.0


def test_no_colour_where_the_overall_gap_is_noise_or_unknown() -> None:
    assert shade(1.0, 0.5, overall(0.3, low=0.1, high=0.5), 0.2) is None
    assert shade(1.0, 0.5, overall(0.1), 0.2) is None
    assert shade(1.0, None, overall(1.2), 0.2) is None
    assert shade(1.0, 0.5, overall(1.2), None) is None


def test_ratio_shade_without_floors() -> None:
    assert ratio_shade(2.0, overall(1.0)) == 1.0 and ratio_shade(2.0, overall(1.0, "higher")) == -1.0
    assert ratio_shade(1.0, overall(1.0)) == 0.0 and ratio_shade(-1.0, overall(1.0)) is None


def test_the_forest_plot_leaves_out_groups_without_a_number_and_says_so() -> None:
    view = RecordView(made_up_record.record(), ("kid", "precision", "ms_ssim_diversity"))
    figure = forest_of(view, "f", "t", view.groups("pathology"))
    assert figure is not None and ">Edema<" in figure.inline and "Fracture" not in figure.inline
    assert left_out(view, view.groups("pathology")) == ["Fracture (16)", "Pleural Other (9)"]
    assert forest_of(view, "f", "t", []) is None


def test_names_of_groups_and_metrics() -> None:
    assert [group_label(name) for name in ("overall", "pathology=Edema", "sex=F", "age=65+", "view=AP")] == [
        "Overall", "Edema", "Female", "Age 65+", "View AP",
    ]  # fmt: skip
    view = RecordView(made_up_record.record(), ("kid", "fid64", "no-such-metric"))
    assert [info.name for info in view.headline] == ["kid_lite0", "fid64_lite0"]
    assert view.info["kid_lite0"].encoder == "lite0" and view.info["ms_ssim_diversity"].encoder == ""
    assert "permutation_p_lite0" not in {info.name for info in view.compared}
    assert view.groups("pathology") == [f"pathology={name}" for name in made_up_record.PATHOLOGIES]
    assert view.count("pathology=Edema") == made_up_record.PATHOLOGIES["Edema"][0]

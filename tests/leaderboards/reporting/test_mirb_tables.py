"""A MIRB record as a table: order, percent, and columns that appear only where there is something in them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.reporting.mirb_tables import groups, mirb_table
from leaderboards.reporting.record_tables import reading_table


def result(metric: str, group: str, family: str, variant: str = "raw", value: float = 0.5, **more: Any) -> MetricResult:
    return MetricResult.model_validate(
        {"metric": metric, "group": group, "family": family, "variant": variant, "value": value, "direction": "higher"}
        | {"n_generated": 20, "n_reference": 0, "estimator": "stratified_rate"}
        | more
    )


def record(*further: MetricResult, **changes: Any) -> ResultRecord:
    results = [
        result("accuracy", "overall", "overall", parameters={"average": "macro"}, low=0.412, high=0.6),
        result("accuracy", "overall", "overall", "chance", 0.251),
        result("accuracy", "category=multi-hop", "multi-hop"),
        result("accuracy", "category=knowledge", "knowledge"),
        result("accuracy", "task=chest_pair", "extra"),
        result("accuracy", "task=food", "knowledge"),
        result("accuracy", "task=arxiv", "multi-hop"),
        result("accuracy_above_chance", "task=food", "knowledge", value=-0.05),
        *further,
    ]
    fields: dict[str, Any] = {
        "benchmark": "mirb", "protocol": "v2", "protocol_hash": "p", "split": {"name": "toy"}, "model": {"name": "m"},
        "run_seed": 7, "samples_hash": "s", "encoders": [], "results": results,
    }  # fmt: skip
    return ResultRecord.model_validate(fields | changes)


def test_tasks_stand_below_their_category_and_extra_tasks_last() -> None:
    assert groups(record()) == [
        "overall",
        *("category=multi-hop", "task=arxiv"),
        *("category=knowledge", "task=food"),
        "task=chest_pair",
    ]


def test_numbers_are_percent_and_empty_columns_are_left_out() -> None:
    table = mirb_table(record())
    assert table.columns == ("group", "accuracy", "95 % interval", "chance", "above chance", "questions")
    assert table.rows[0] == ("Overall (macro)", "50.0", "41.2 to 60.0", "25.1", "", 20)
    food = next(row for row in table.rows if row[0] == "  food")
    assert food[4] == "−5.0"
    more = mirb_table(record(result("unparsed", "overall", "overall", value=0.0)))
    assert "unparsed" in more.columns and more.rows[0][more.columns.index("unparsed")] == "0.0"


def test_the_general_table_of_a_mirb_record_is_this_one() -> None:
    assert reading_table(record()) == mirb_table(record())
    assert [row[0] for row in reading_table(record(), "task=food").rows] == ["  food"]


@pytest.mark.parametrize(
    "wrong",
    [
        result("kid_lite0", "overall", "fidelity"),
        result("accuracy", "task=count", "perception", "floor"),
        result("accuracy", "task=count", "perception", "matched"),
    ],
)
def test_a_result_of_the_other_benchmark_is_refused(wrong: MetricResult) -> None:
    with pytest.raises(ValidationError, match="mirb has no"):
        record(wrong)
    with pytest.raises(ValidationError, match="chexgenbench has no"):
        record(benchmark="chexgenbench")

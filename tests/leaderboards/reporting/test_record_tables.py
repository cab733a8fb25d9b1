from __future__ import annotations

import made_up_record

from leaderboards.export.hub import hub_files
from leaderboards.reporting.record_tables import flat_table, reading_table


def test_flat_table_holds_every_result_exactly() -> None:
    record = made_up_record.record()
    table = flat_table(record)
    assert len(table.rows) == len(record.results)
    place = table.columns.index("value")
    assert [row[place] for row in table.rows] == [result.value for result in record.results]
    assert "extra.bias_corrected" in table.columns


def test_an_interval_around_another_number_than_the_value_says_so() -> None:
    made = made_up_record.record()
    told = {"method": "jackknife around the bias-corrected distance", "extra": {"bias_corrected": 9.5}}
    results = [
        each.model_copy(update={"value": 12.0, "low": 8.0, "high": 11.0, **told})
        if (each.metric, each.group, each.variant) == ("fid64_lite0", "overall", "raw")
        else each
        for each in made.results
    ]
    changed = made.model_copy(update={"results": results})
    remarks = [str(row[-1]) for row in reading_table(changed).rows]
    assert remarks[0] == "interval of the bias-corrected 9.5" and "bias-corrected" not in "".join(remarks[1:])
    entry = hub_files(changed, "owner/name")[".eval_results/chexgenbench.yaml"]
    assert "95 % interval of the bias-corrected 9.5: 8 to 11" in entry
    assert "bias_corrected: 9.5" in hub_files(changed)["README.md"]


def test_reading_table_pairs_values_with_floors_of_the_same_n() -> None:
    record = made_up_record.record()
    table = reading_table(record, "sex=F")
    rows = {row[0:2]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    floor = next(r for r in record.results if (r.metric, r.group, r.variant) == ("kid_lite0", "sex=F", "floor"))
    assert floor.value is not None
    assert float(str(rows["kid_lite0 ↓", "sex=F"]["real (floor)"]).replace("−", "-")) == round(floor.value, 4)
    assert rows["kid_lite0 ↓", "sex=F, matched n"]["real (floor)"] == ""
    undefined = {row[0]: row[-1] for row in reading_table(record, "pathology=Fracture").rows}
    assert "at least 20" in str(undefined["kid_lite0 ↓"])
    assert len(reading_table(record, "all").rows) == sum(result.variant != "floor" for result in record.results)

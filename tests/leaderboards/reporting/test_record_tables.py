from __future__ import annotations

import made_up_record

from leaderboards.reporting.record_tables import flat_table, reading_table


def test_flat_table_holds_every_result_exactly() -> None:
    record = made_up_record.record()
    table = flat_table(record)
    assert len(table.rows) == len(record.results)
    place = table.columns.index("value")
    assert [row[place] for row in table.rows] == [result.value for result in record.results]
    assert "extra.bias_corrected" in table.columns


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

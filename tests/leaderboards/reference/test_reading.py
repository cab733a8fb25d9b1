from __future__ import annotations

import csv
import io
import re

from leaderboards.reference.published import table, tables
from leaderboards.reference.reading import flat_table, index_table, reading_table
from leaderboards.reporting.tables import to_csv, to_latex


def test_every_number_keeps_its_warnings() -> None:
    shown = reading_table(table("cgb-privacy"))
    sana = next(row for row in shown.rows if row[0] == "Sana")
    wrapped = next(note for note in shown.notes if "wrap around" in note).split(" ")[0]
    place = [column.startswith("Average pixel") for column in shown.columns].index(True)
    assert str(sana[place]).startswith("162.901 ") and wrapped in str(sana[place])
    assert any(note.startswith("All rows: No interval") for note in shown.notes)
    assert shown.columns[place].endswith("↑") and shown.notes[-1].startswith("Source: ")


def test_every_flag_of_every_table_is_a_note() -> None:
    for each in tables():
        notes = reading_table(each).notes
        assert all(any(note.endswith(text) for note in notes) for text in each.flags.values()), each.id


def test_a_wrong_average_stands_beside_the_mean_of_its_cells() -> None:
    shown = reading_table(table("mirb"))
    row = next(row for row in shown.rows if str(row[0]).startswith("LLaVA-Next-13B"))
    named = dict(zip(shown.columns, row, strict=True))
    assert named["average ↑"] == "29.38" and named["average, mean of cells"] == "29.627"


def test_the_list_of_numbers_holds_each_once() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(flat_table(tables())))))
    assert len(rows) == sum(len(row.printed) for each in tables() for row in each.rows)
    one = next(
        row
        for row in rows
        if row["table"] == "cgb-conditional" and row["model"] == "SD V2" and row["column"] == "Edema"
    )
    assert (one["value"], one["tag"], one["flags"].split()) == (
        "214.4",
        "F",
        ["prevalence", "no-interval", "misaligned", "repeated"],
    )
    assert len(index_table(tables()).rows) == len(tables())


def test_latex_is_balanced_and_every_row_has_all_columns() -> None:
    for each in tables():
        shown = reading_table(each)
        bare = re.sub(r"\\\\|\\[{}&%$#_]", "", to_latex(shown))
        assert bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0, each.id
        body = bare.split("midrule")[1].split("\\bottomrule")[0].strip().splitlines()
        assert len(body) == len(shown.rows) and all(row.count("&") == len(shown.columns) - 1 for row in body), each.id

from __future__ import annotations

import csv
import io

import pytest

from leaderboards.reporting.tables import Table, to_csv, to_latex, to_markdown, to_text

NASTY = (
    "=1+1",
    "+cmd",
    "-2",
    "@x",
    "\tx",
    "\rx",
    'a"b,c',
    "a\nb",
    "<script>alert(1)</script>",
    "a|b",
    "100%_#&${}~^\\",
)


def table(*cells: object) -> Table:
    return Table(("name", "value"), tuple((cell, 1) for cell in cells), frozenset({"value"}), "A & B")  # type: ignore[misc]


def test_csv_reads_back_and_runs_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(to_csv(table(*NASTY)))))[1:]
    for (cell, _), text in zip(rows, NASTY, strict=True):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert cell.lstrip("'") == text.replace("\r", "\n")


def test_csv_keeps_numbers_exact_and_unquoted() -> None:
    value = 0.1 + 0.2
    rows = list(csv.reader(io.StringIO(to_csv(Table(("a", "b", "c"), ((value, -3.5e-12, None),))))))
    assert float(rows[1][0]) == value and rows[1][1] == "-3.5e-12" and rows[1][2] == ""


def test_markdown_neutralises_markup() -> None:
    text = to_markdown(table(*NASTY))
    assert "<script>" not in text and "a\\|b" in text
    assert all(line.count(" | ") == 1 for line in text.splitlines())
    assert text.splitlines()[1] == "| --- | ---: |"


def test_latex_escapes_every_special_character() -> None:
    text = to_latex(table("100%_#&${}~^\\", "1.2×10⁻⁵", "−3 ↓"))
    assert r"100\%\_\#\&\$\{\}\textasciitilde{}\textasciicircum{}\textbackslash{}" in text
    assert r"1.2$\times$10$^{-5}$" in text
    assert r"$-$3 $\downarrow$" in text and r"\caption{A \& B}" in text


def test_text_aligns_and_drops_control_characters() -> None:
    lines = to_text(table("a", "longer\x1b[31m")).splitlines()
    assert "\x1b" not in lines[3]
    assert len({len(line) for line in lines}) == 1


def test_ragged_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="1 cells"):
        Table(("a", "b"), ((1,),))


def test_notes_stand_below_the_table_and_not_in_csv() -> None:
    noted = Table(("a",), (("x",),), notes=("[1] a_b <i>",))
    assert to_text(noted).endswith("\n\n[1] a_b <i>\n") and "[1]" not in to_csv(noted)
    assert to_markdown(noted).endswith("|\n\n\\[1] a_b &lt;i&gt;\n")
    assert r"[1] a\_b \textless{}i\textgreater{}" in to_latex(noted)


def test_a_bracket_at_the_start_of_a_row_is_no_argument_of_the_line_break_above() -> None:
    lines = to_latex(Table(("a",), (("x",), ("[2cm]",), ("*",)))).splitlines()
    assert not any(line.strip().startswith(("[", "*")) for line in lines) and any("{}[2cm]" in line for line in lines)

"""Tables that can leave the page: CSV, Markdown, LaTeX and plain text of the same cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Cell = str | int | float | bool | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "−": "$-$",
    "×": r"$\times$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "→": r"$\rightarrow$",
    "—": "---",
} | {digit: f"$^{{{plain}}}$" for digit, plain in zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True)}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under named columns.

    Attributes:
        columns: headers. numeric: which columns are aligned to the right.
        rows: cells; numbers stay numbers until they are written.
        caption: what the table shows, for LaTeX.
        notes: lines below the table; CSV has none.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[str] = frozenset()
    caption: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells in a table of {len(self.columns)} columns")


def to_csv(table: Table) -> str:
    """CSV (RFC 4180) with full-precision numbers; a text that a spreadsheet would run as a formula gets a quote."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_guard(column) for column in table.columns])
    writer.writerows([_guard(cell) for cell in row] for row in table.rows)
    return stream.getvalue()


def to_markdown(table: Table) -> str:
    """A GitHub table; pipes, line breaks and HTML in cells are neutralised."""
    rule = ["---:" if column in table.numeric else "---" for column in table.columns]
    lines = [
        [_markdown(cell) for cell in table.columns],
        rule,
        *([_markdown(cell) for cell in row] for row in table.rows),
    ]
    notes = "".join(f"\n{_markdown(note)}\n" for note in table.notes)
    return "".join("| " + " | ".join(line) + " |\n" for line in lines) + notes


def to_latex(table: Table) -> str:
    """A booktabs tabular; every special character is escaped, and minus signs and arrows become mathematics."""
    alignment = "".join("r" if column in table.numeric else "l" for column in table.columns)
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{_latex(table.caption)}}}",
        rf"  \begin{{tabular}}{{{alignment}}}",
        r"    \toprule",
        "    " + _latex_row(table.columns),
        r"    \midrule",
        *("    " + _latex_row(row) for row in table.rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        *(rf"  \par\smallskip\footnotesize {_latex(note)}" for note in table.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def to_text(table: Table) -> str:
    """Aligned columns for a terminal."""
    cells = [[_plain(cell) for cell in row] for row in (table.columns, *table.rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(table.columns))]
    right = [column in table.numeric for column in table.columns]
    lines = [_aligned(row, widths, right) for row in cells]
    notes = ["", *(_plain(note) for note in table.notes)] if table.notes else []
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:], *notes]) + "\n"


def _aligned(row: Sequence[str], widths: Sequence[int], right: Iterable[bool]) -> str:
    pairs = zip(row, widths, right, strict=True)
    return "  ".join(text.rjust(width) if last else text.ljust(width) for text, width, last in pairs).rstrip()


def _guard(cell: Cell) -> Cell:
    if isinstance(cell, str):
        text = "'" + cell if cell.startswith(_FORMULA) else cell
        return text.replace("\r\n", "\n").replace("\r", "\n")  # a lone carriage return would be written unquoted
    return "" if cell is None else repr(cell) if isinstance(cell, float) else cell


def _plain(cell: Cell) -> str:
    text = "" if cell is None else str(cell)
    return "".join(character if character.isprintable() else " " for character in text)


def _markdown(cell: Cell) -> str:
    text = _plain(cell)
    for old, new in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|"), ("[", "\\["), ("`", "\\`")):
        text = text.replace(old, new)
    return text


def _latex(cell: Cell) -> str:
    # Neighbouring superscripts merge into one, so that 10⁻⁵ does not become two exponents.
    text = "".join(_LATEX.get(character, character) for character in _plain(cell))
    return text.replace("}$$^{", "")


def _latex_row(cells: Sequence[Cell]) -> str:
    line = " & ".join(_latex(cell) for cell in cells) + r" \\"
    # A bracket behind the line break above would be read as its optional argument.
    return "{}" + line if line.startswith(("[", "*")) else line

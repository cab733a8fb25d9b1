"""The report of a run: one self-contained page and a CSV, drawn from the record and the stored answers."""

from mirb.report.write import write_report

__all__ = ["write_report"]

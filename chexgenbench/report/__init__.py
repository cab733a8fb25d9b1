"""The report of a run: one self-contained page and a CSV, drawn from the record without computing anything again."""

from chexgenbench.report.contact_sheet import ImagePair, ReportImages
from chexgenbench.report.write import write_report

__all__ = ["ImagePair", "ReportImages", "write_report"]

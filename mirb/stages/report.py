"""Stage 3: one page and a CSV."""

from __future__ import annotations

from pathlib import Path

from mirb.plan import Plan
from mirb.report import write_report
from mirb.run_folder import RunFolder


def run(folder: RunFolder, plan: Plan, show_credentialed: bool = False) -> Path:
    """Write report.html and results.csv and return the page's path."""
    with folder.stage("report"):
        return write_report(folder, plan, show_credentialed=show_credentialed)

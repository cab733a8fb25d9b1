"""Put the page together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_splits.integrity import sha256_file, write_text
from leaderboards.records.io import RECORD_FILE, read_record
from leaderboards.reporting.page import render
from leaderboards.reporting.provenance import environment, model_terms, read_plain
from leaderboards.reporting.record_tables import flat_table
from leaderboards.reporting.tables import to_csv
from mirb import certifying, protocols
from mirb.asking import Asked
from mirb.plan import Plan
from mirb.report import figures, provenance, summary
from mirb.report.browser import browse
from mirb.rescoring import Rescored, disagreement
from mirb.run_folder import RunFolder
from mirb.tasks import find
from model_adapters.inference.response_store import ResponseStore

REPORT_FILE = "report.html"
CSV_FILE = "results.csv"


def write_report(folder: RunFolder, plan: Plan, *, show_credentialed: bool = False) -> Path:
    """Write report.html and results.csv into a run folder; no number of the record is computed again.

    The same record, answers, run.json and config.json give the same bytes.

    Args:
        plan: gives the questions and images of the failure browser, and the answers' other readings.
        show_credentialed: put questions, answers and images of a credentialed split on the page all the same.

    Returns:
        The path of report.html.

    Raises:
        UserError: the folder holds no valid record, or the disk is full.
    """
    record = read_record(folder.root)
    config = read_plain(folder.root / "config.json")
    run = read_plain(folder.root / "run.json")
    store = ResponseStore.reopen(folder.responses)
    rows = Asked.read(folder.asked, plan.split).rows(store)
    view = summary.View(record)
    credentialed = bool(record.split.get("credentialed"))
    hidden = credentialed and not show_credentialed
    shown, total = ([], 0) if hidden else browse(plan, rows)
    protocol = protocols.load(record.protocol)
    context: dict[str, Any] = {
        "record": record,
        "protocol": protocol,
        "model": str(record.model.get("name") or "model"),
        "split": str(record.split.get("name") or "split"),
        "licence": str(record.split.get("licence") or ""),
        "credentialed": credentialed,
        "hidden": hidden,
        "questions": int(record.split.get("cases") or 0),
        "clusters": int(record.split.get("clusters") or 0),
        "cards": summary.cards(view),
        "rows": summary.rows(view),
        "certified": [(certifying.words(each), certifying.rests_on(each)) for each in record.certificates],
        "three": protocol.scorer.three_outcomes,
        "forest": figures.forest_of(view),
        "radars": figures.radars_of(view),
        "disagreement": _disagreement(disagreement(plan.questions, plan.tasks, rows, record.protocol), plan),
        "elicited": _elicited(rows),
        "shown": shown,
        "total": total,
        "tasks": [task.name for task in plan.tasks],
        "task_facts": [(task, len(plan.split.of(task.name))) for task in plan.tasks],
        "command": provenance.command(record, config),
        "identity": provenance.identity(record, sha256_file(folder.root / RECORD_FILE)),
        "model_terms": model_terms(record.model),
        "environment": environment(run),
        "batch_check": provenance.batch_check(run),
    }
    write_text(folder.root / CSV_FILE, to_csv(flat_table(record)))
    write_text(folder.root / REPORT_FILE, render(__package__, "report.html.j2", context))
    return folder.root / REPORT_FILE


def _disagreement(views: list[Rescored], plan: Plan) -> dict[str, Any]:
    """The disagreement table: a row for each task, a column for each scorer."""

    def cell(value: float | None) -> str:
        return "cannot read" if value is None else f"{100 * value:.1f}"

    return {
        "columns": [(each.scorer, each.average) for each in views],
        "rows": [(task.name, [cell(each.tasks[task.name]) for each in views]) for task in plan.tasks],
        "overall": [cell(each.overall) if each.overall is not None else "—" for each in views],
        "changed": [f"{each.changed} of {each.compared}" for each in views],
    }


def _elicited(rows: Any) -> str:
    """How the answers were drawn, in words."""
    caps = sorted({row.max_new_tokens for row in rows.values() if not row.letters})
    letters = sorted({find(row.task).name for row in rows.values() if row.letters})
    words = [f"text of at most {', '.join(map(str, caps))} tokens"] if caps else []
    words += [f"the most probable option letter ({', '.join(letters)})"] if letters else []
    return " and ".join(words)

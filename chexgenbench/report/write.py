"""Put the page together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chexgenbench.report import arms, groups, provenance, summary
from chexgenbench.report.contact_sheet import PAIRS, ReportImages, embedded
from chexgenbench.report.view import RecordView
from data_splits.integrity import sha256_file, write_text
from leaderboards.records.io import RECORD_FILE, read_record
from leaderboards.records.schema import ResultRecord
from leaderboards.reporting.page import render
from leaderboards.reporting.record_tables import flat_table
from leaderboards.reporting.tables import to_csv

REPORT_FILE = "report.html"
CSV_FILE = "results.csv"
SUBGROUPS = ("view", "sex", "age")


def write_report(
    run_folder: Path,
    images: ReportImages | None = None,
    suspicious: ReportImages | None = None,
    *,
    show_credentialed: bool = False,
    headline: Sequence[str] | None = None,
) -> Path:
    """Write report.html and results.csv into a run folder from its record; nothing is computed again.

    The same record, run.json, config.json and images give the same bytes.

    Args:
        run_folder: holds record.json, and config.json and run.json where the pipeline wrote them.
        images: gives pairs of real and generated images for the contact sheet; None leaves it out.
        suspicious: gives the generated images that look most like copies beside their nearest training image.
        show_credentialed: put images and captions of a credentialed split on the page all the same.
        headline: registry names of the metrics at the top; None takes those of the record's protocol.

    Returns:
        The path of report.html.

    Raises:
        UserError: the folder holds no valid record, or the disk is full.
    """
    record = read_record(run_folder)
    config = provenance.read_plain(run_folder / "config.json")
    run = provenance.read_plain(run_folder / "run.json")
    wanted, quirks = _protocol(record, str(config.get("preset") or "quick"))
    view = RecordView(record, tuple(headline) if headline is not None else wanted)
    hidden = bool(record.split.get("credentialed")) and not show_credentialed
    pairs = embedded(images(PAIRS)) if images is not None and not hidden else []
    context = _context(view, config, run, sha256_file(run_folder / RECORD_FILE))
    gallery = embedded(suspicious(PAIRS)) if suspicious is not None and not hidden else []
    context |= {"pairs": pairs, "gallery": gallery, "images_hidden": hidden, "quirks": quirks}
    write_text(run_folder / CSV_FILE, to_csv(flat_table(record)))
    write_text(run_folder / REPORT_FILE, render(__package__, "report.html.j2", context))
    return run_folder / REPORT_FILE


def _context(view: RecordView, config: dict[str, Any], run: dict[str, Any], digest: str) -> dict[str, Any]:
    record = view.record
    pathologies, subgroups = view.groups("pathology"), view.groups(*SUBGROUPS)
    table, notes = summary.families(view)
    return {
        "record": record,
        "model": str(record.model.get("display") or record.model.get("name") or "model"),
        "split": str(record.split.get("name") or "split"),
        "subset": str(record.split.get("subset") or ""),
        "preset": str(config.get("preset") or ""),
        "licence": str(record.split.get("licence") or ""),
        "credentialed": bool(record.split.get("credentialed")),
        "n_images": view.count("overall") or record.split.get("cases") or 0,
        "n_patients": max((r.n_patients or 0 for r in record.results if r.group == "overall"), default=0),
        "has_floor": any(result.variant == "floor" for result in record.results),
        "cards": summary.cards(view),
        "families": table,
        "methods": {r.metric: r.method for r in record.results if r.group == "overall" and r.variant == "raw"},
        "notes": notes,
        "extras": summary.extras(view),
        "arm_titles": tuple(arms.ARMS.values()),
        "arms": arms.arms(view),
        "curves": arms.curves(view),
        "pathologies": pathologies,
        "subgroups": subgroups,
        "heatmaps": groups.heatmaps(view, pathologies) if pathologies else [],
        "pathology_forest": groups.forest_of(view, "forest-pathologies", "Headline metrics by pathology", pathologies),
        "pathologies_left_out": groups.left_out(view, pathologies),
        "subgroups_left_out": groups.left_out(view, subgroups),
        "pathology_table": groups.table_of(view, pathologies),
        "subgroup_forest": groups.forest_of(view, "forest-subgroups", "Headline metrics by subgroup", subgroups),
        "subgroup_table": groups.table_of(view, subgroups),
        "metrics": view.metrics,
        "command": provenance.command(record, config),
        "identity": provenance.identity(record, digest),
        "model_terms": provenance.model_terms(record.model),
        "encoders": [(encoder, provenance.encoder_terms(encoder)) for encoder in record.encoders],
        "environment": provenance.environment(run),
    }


def _protocol(record: ResultRecord, preset: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Headline metrics and quirks of the record's protocol; nothing where this version does not know it."""
    from chexgenbench import protocols

    if record.protocol not in protocols.PROTOCOLS:
        return (), ()
    protocol = protocols.load(record.protocol, "full" if preset == "full" else "quick")
    return protocol.headline, protocol.quirks

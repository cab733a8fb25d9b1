"""A record as files for a model repository of the Hugging Face hub.

Two formats, both read back by the parsers of huggingface_hub (1.33 and 2.4.0, November 2026, are alike in them):

- `README.md` with a `model-index` (huggingface_hub.EvalResult), which every page of a model shows; any data set.
- `.eval_results/<benchmark>.yaml` (huggingface_hub.EvalResultEntry, the format of late 2025, `hub/eval-results` of the
  hub's documentation), which feeds the leaderboard of a data set that is registered as a benchmark and lists these
  task ids in its eval.yaml. It is written where that data set is named.
"""

from __future__ import annotations

import re
from typing import Any

from data_splits.errors import UserError
from leaderboards.export.yaml_text import yaml_text
from leaderboards.records.io import record_hash
from leaderboards.records.schema import MetricResult, ResultRecord
from leaderboards.reporting.numbers import DIRECTIONS, interval_centre
from leaderboards.reporting.record_tables import reading_table
from leaderboards.reporting.tables import Table, to_markdown

EVAL_RESULTS_FOLDER = ".eval_results"
DATASET_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
SOURCE_URL = re.compile(r"https://[\w.-]+(?:/[\w./%#?=&~+-]*)?")
TASKS = {"chexgenbench": ("text-to-image", "Text to image"), "mirb": ("image-text-to-text", "Image and text to text")}
NAMES = {"chexgenbench": "CheXGenBench suite", "mirb": "MIRB suite"}


def hub_files(record: ResultRecord, dataset: str | None = None, source: str | None = None) -> dict[str, str]:
    """Path in the model repository -> text.

    Args:
        dataset: hub id of the benchmark's data set, "owner/name", for `.eval_results`; None writes the card alone.
        source: https address of the record or its report, shown as the source of every number.

    Raises:
        UserError: an id or address that is none, or a record without a number to export.
    """
    if dataset is not None and not DATASET_ID.fullmatch(dataset):
        raise UserError(f"{dataset!r} is no data set of the hub. Give its id, such as owner/name.")
    if source is not None and not SOURCE_URL.fullmatch(source):
        raise UserError(f"{source!r} is no plain https address.")
    chosen = exported(record)
    if not chosen:
        raise UserError("This record holds no number over all its cases, so there is nothing to export.")
    files = {"README.md": _card(record, chosen, source)}
    if dataset is not None:
        files[f"{EVAL_RESULTS_FOLDER}/{record.benchmark}.yaml"] = yaml_text(_entries(record, chosen, dataset, source))
    return files


def exported(record: ResultRecord) -> list[MetricResult]:
    """The results that a model page shows: raw ones over all cases; of MIRB also the accuracy of every task."""
    return [
        each
        for each in record.results
        if each.variant == "raw"
        and each.value is not None
        and (each.group == "overall" or (record.benchmark == "mirb" and each.metric == "accuracy"))
    ]


def task_id(result: MetricResult) -> str:
    """The task of a benchmark that a result answers, "kid_lite0" or "accuracy.task.food"."""
    name = result.metric if result.group == "overall" else f"{result.metric}.{result.group}"
    return re.sub(r"[^\w.-]+", ".", name)


def _entries(
    record: ResultRecord, chosen: list[MetricResult], dataset: str, source: str | None
) -> list[dict[str, Any]]:
    digest = record_hash(record)
    found = []
    for result in chosen:
        entry: dict[str, Any] = {"dataset": {"id": dataset, "task_id": task_id(result)}, "value": result.value}
        if source is not None:
            entry["source"] = {"url": source, "name": f"record {digest[:16]}"}
        entry["notes"] = _note(record, result, digest)
        found.append(entry)
    return found


def _note(record: ResultRecord, result: MetricResult, digest: str) -> str:
    parts = [f"protocol {record.protocol}", _split(record), f"n = {result.n_generated}"]
    if result.low is not None and result.high is not None:
        centre = interval_centre(result.method, result.extra)
        of = "" if centre is None else f" of the bias-corrected {centre:.6g}:"
        parts.append(f"{100 * result.level:g} % interval{of} {result.low:.6g} to {result.high:.6g}")
    parts += [DIRECTIONS[result.direction], f"record {digest[:16]}"]
    return "; ".join(parts)


def _card(record: ResultRecord, chosen: list[MetricResult], source: str | None) -> str:
    kind, task = TASKS[record.benchmark]
    digest = record_hash(record)
    arguments = {
        "protocol_hash": record.protocol_hash,
        "split_hash": str(record.split.get("hash", "")),
        "record": digest,
    }
    results: dict[str, Any] = {
        "task": {"type": kind, "name": task},
        "dataset": {
            "type": str(record.split.get("name", "")),
            "name": f"{_split(record)}, protocol {record.protocol}",
            "config": record.protocol,
            "split": str(record.split.get("subset") or "all"),
            "args": arguments,
        },
        "metrics": [_metric(each) for each in chosen],
    }
    if source is not None:
        results["source"] = {"name": NAMES[record.benchmark], "url": source}
    head = {
        "tags": [record.benchmark],
        "model-index": [{"name": str(record.model.get("name", "model")), "results": [results]}],
    }
    return f"---\n{yaml_text(head)}---\n\n{_body(record, digest)}"


def _metric(result: MetricResult) -> dict[str, Any]:
    where = "" if result.group == "overall" else f", {result.group}"
    facts: dict[str, Any] = {"direction": result.direction, "n": result.n_generated, "estimator": result.estimator}
    if result.low is not None and result.high is not None:
        facts |= {"low": result.low, "high": result.high, "level": result.level}
        if (centre := interval_centre(result.method, result.extra)) is not None:
            facts["bias_corrected"] = centre
    return {
        "type": task_id(result),
        "value": result.value,
        "name": f"{result.metric}{where} ({DIRECTIONS[result.direction]})",
        "args": facts,
    }


def _body(record: ResultRecord, digest: str) -> str:
    facts = (
        ("model", str(record.model.get("name", ""))),
        ("benchmark", record.benchmark),
        ("protocol", f"{record.protocol} ({record.protocol_hash[:16]})"),
        ("split", f"{_split(record)} ({str(record.split.get('hash', ''))[:16]})"),
        ("run seed", str(record.run_seed)),
        ("record", digest),
    )
    warnings = tuple((text,) for text in record.warnings)
    parts = ["# Evaluation results\n", to_markdown(Table(("what", "which"), facts)), to_markdown(reading_table(record))]
    if warnings:
        parts.append(to_markdown(Table(("what a reader must know",), warnings)))
    parts.append("Numbers of another protocol or split are not comparable with these.\n")
    return "\n".join(parts)


def _split(record: ResultRecord) -> str:
    return " ".join(str(record.split[key]) for key in ("name", "subset") if record.split.get(key))

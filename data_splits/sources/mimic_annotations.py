"""The LLaVA-Rad annotation files of MIMIC-CXR: CSV as CheXGenBench uses them, or JSON as PhysioNet gives them.

Columns of the CSV are second-hand facts (read off the header of one published file), so names are tolerant and what is
missing is said by name. Cell contents never enter a message.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.sources.labels import Labels, label_mapping, read_label_dict
from data_splits.sources.tables import find_column, read_csv, read_view, refuse, require_columns

PATH_COLUMNS = ("path", "image", "image_path", "img_path", "filename")
PROMPT_COLUMNS = ("annotated_prompt",)
LABEL_COLUMNS = ("chexpert_labels",)
PATIENT_COLUMNS = ("patientID", "patient_id", "subject_id", "patient")
VIEW_COLUMNS = ("view", "ViewPosition", "view_position")
METHOD_COLUMNS = ("generate_method",)

IMAGE = re.compile(r"(p1\d/p(1\d{7})/s(\d{8})/([0-9a-zA-Z]+(?:-[0-9a-zA-Z]+)+))(?:\.(?:jpe?g|png|dcm))?$")
"""The part of an image path that every copy of MIMIC-CXR shares: pNN/pSUBJECT/sSTUDY/DICOM."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One image-text pair. `place` is "p10/p10000032/s50414267/<dicom id>", without an ending."""

    dicom: str
    subject: str
    study: str
    place: str
    prompt: str
    labels: Labels
    view: str | None
    method: str


@dataclass(frozen=True)
class Annotations:
    """The pairs of one file, in file order, and how many rows were left out for which reason."""

    pairs: tuple[Annotation, ...]
    dropped: Mapping[str, int]


def read_annotations(path: Path, prompt: str = "annotated_prompt", method: str | None = None) -> Annotations:
    """Read a CSV or JSON annotation file.

    Rows of lateral views and rows without text are left out and counted: the benchmark asks for frontal images with
    findings.

    Args:
        path: the file; the ending decides how it is read.
        prompt: column or key that holds the prompt. `annotated_prompt` may be absent where `conversations` is there:
            its last answer is the findings text (inferred).
        method: keep only rows of this `generate_method` ("gpt4", "rule-based"); all where None.

    Raises:
        UserError: missing column, a path that is not MIMIC-CXR's, unreadable labels, or a patient that is not the
            path's, listed by row number.
    """
    table = _json_rows(path, prompt) if path.suffix.lower() == ".json" else _csv_rows(path, prompt)
    pairs: list[Annotation] = []
    dropped: Counter[str] = Counter()
    problems: dict[str, list[str]] = {"path": [], "patient": [], "labels": []}
    cache: dict[str, Labels] = {}
    for number, row in enumerate(table, start=1):
        found = IMAGE.search(row["path"].replace("\\", "/"))
        if found is None:
            problems["path"].append(f"row {number}")
            continue
        place, subject, study, dicom = found.groups()
        if row["patient"] and re.sub(r"\D", "", row["patient"].split(".")[0]) != subject:
            problems["patient"].append(f"row {number}")
        try:
            labels = _labels(row["labels"], cache)
        except ValueError as error:
            problems["labels"].append(f"row {number}: {error}")
            continue
        view = read_view(row["view"])
        text = row["prompt"].strip()
        if method is not None and row["method"] and row["method"] != method:
            dropped[f"not made by {method}"] += 1
        elif view == "lateral":
            dropped["lateral view"] += 1
        elif not text or text.lower() in ("nan", "none"):
            dropped["no prompt text"] += 1
        else:
            pairs.append(Annotation(dicom, subject, study, place, text, labels, view, row["method"]))
    refuse(path, "path(s) that do not end in p1x/p1xxxxxxx/sxxxxxxxx/<dicom id>", problems["path"])
    refuse(path, "row(s) whose patient is not the one of their path", problems["patient"])
    refuse(path, "chexpert_labels cell(s) that cannot be read", problems["labels"])
    if not pairs:
        raise UserError(f"{path} holds no frontal image with a prompt.")
    return Annotations(tuple(pairs), dict(dropped))


def image_ids(path: Path) -> list[str]:
    """The dicom ids a CSV lists, in file order (the published 20K utility file)."""
    table = read_csv(path, keep=PATH_COLUMNS)
    column = require_columns(table, {"path": PATH_COLUMNS})["path"]
    found = [IMAGE.search(cell) for cell in table[column]]
    refuse(path, "path(s) that are not MIMIC-CXR's", [f"row {i + 1}" for i, match in enumerate(found) if match is None])
    return [match.group(4) for match in found if match is not None]


def _csv_rows(path: Path, prompt: str) -> Iterator[dict[str, Any]]:
    optional = {"patient": PATIENT_COLUMNS, "view": VIEW_COLUMNS, "method": METHOD_COLUMNS}
    names = [
        *PATH_COLUMNS,
        *LABEL_COLUMNS,
        prompt,
        "conversations",
        *(name for group in optional.values() for name in group),
    ]
    table = read_csv(path, keep=names)
    text = find_column(table, "prompt", (prompt,), required=False)
    talk = find_column(table, "conversations", ("conversations",), required=False)
    if text is None and (talk is None or prompt not in PROMPT_COLUMNS):
        find_column(table, "prompt", (prompt,))
    columns = require_columns(table, {"path": PATH_COLUMNS, "chexpert_labels": LABEL_COLUMNS})
    cells = {"path": table[columns["path"]], "labels": table[columns["chexpert_labels"]]}
    for role, aliases in optional.items():
        column = find_column(table, role, aliases, required=False)
        cells[role] = table[column] if column else [""] * len(table)
    cells["prompt"] = table[text] if text else [_findings_of_cell(cell) for cell in table[talk or ""]]
    keys = list(cells)
    for values in zip(*cells.values(), strict=True):
        yield dict(zip(keys, values, strict=True))


def _json_rows(path: Path, prompt: str) -> Iterator[dict[str, Any]]:
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        reason = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise UserError(f"{path} is not readable JSON ({reason}).") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UserError(f"{path} is not a JSON list of annotations.")
    lacking = [key for key in ("image", "chexpert_labels") if not all(key in entry for entry in entries)]
    if prompt not in PROMPT_COLUMNS and not all(prompt in entry for entry in entries):
        lacking.append(prompt)
    if lacking:
        raise UserError(f"{path} lacks the key(s) {', '.join(lacking)} in some entries.")
    for entry in entries:
        text = entry.get(prompt)
        if text is None and prompt in PROMPT_COLUMNS:
            text = _findings(entry.get("conversations"))
        yield {
            "path": str(entry["image"]),
            "labels": entry["chexpert_labels"],
            "patient": "",
            "view": str(entry.get("view") or ""),
            "method": str(entry.get("generate_method") or ""),
            "prompt": str(text or ""),
        }


def _labels(cell: Any, cache: dict[str, Labels]) -> Labels:
    if isinstance(cell, dict):
        return label_mapping(cell)
    if cell is None or not str(cell).strip():
        return {}
    if cell not in cache:  # a few thousand distinct cells stand in 240,000 rows
        cache[cell] = read_label_dict(cell)
    return cache[cell]


def _findings_of_cell(cell: str) -> str:
    try:
        return _findings(ast.literal_eval(cell))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""


def _findings(conversation: Any) -> str:
    """The last answer of a conversation in LLaVA's layout, or ""."""
    if not isinstance(conversation, list):
        return ""
    answers = [turn.get("value") for turn in conversation if isinstance(turn, dict) and turn.get("from") == "gpt"]
    return str(answers[-1]) if answers and answers[-1] else ""

"""Boards for tests: small real ones built from records, large made-up ones, and hostile ones with markup everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from compared_runs import run_folder
from made_studies import own_study
from made_vlm_runs import vlm_folder

from leaderboards.boards.board import Board
from leaderboards.boards.build import tables
from leaderboards.boards.cohort import cohorts
from leaderboards.boards.memory import Memory
from leaderboards.library.library import Library
from leaderboards.library.methods import method_entries
from leaderboards.library.recomputed import Recomputed
from leaderboards.records.method_io import write_study

Tables = dict[str, list[dict[str, Any]]]

PAYLOADS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    "</td></table><iframe srcdoc='<script>parent.pwned=1</script>'>",
    "[x](javascript:window.pwned=1)",
    "{{ 7 * 7 }}${window.pwned=1}",
    "=HYPERLINK(\"x\")",
    "\u202eevil\u200b\x00",
)  # fmt: skip

KEPT = frozenset(
    ("cohort", "record", "benchmark", "tier", "origin", "kind", "direction", "family", "variant", "metric", "base",
     "group", "group_kind", "group_value", "x", "y", "x_direction", "y_direction", "plot", "scope", "order", "metrics",
     "letters", "a", "b", "table", "flags", "own_flags", "extra")
)  # fmt: skip
"""Columns that code branches on or reads; a record cannot put free text there (`extra` is JSON of the build)."""


def runs(folder: Path) -> Path:
    """Three models of one protocol, one of another protocol hash, two of MIRB, and a study of a method."""
    write_study(folder / "study", own_study())
    run_folder(folder / "good", "good", 0.05, 0.85, 5)
    run_folder(folder / "twin", "twin", 0.05, 0.85, 8)
    run_folder(folder / "bad", "bad", 0.7, 0.55, 6)
    run_folder(folder / "other", "other", protocol_hash="q")
    vlm_folder(folder / "seeing", "seeing", 0.9, 1)
    vlm_folder(folder / "guessing", "guessing", 0.3, 2)
    return folder


def tables_of(folder: Path, cache: Path) -> Tables:
    """Every table over the runs of a folder."""
    library = Library(folder, Recomputed(cache))
    entries = library.entries()
    studies = [(each, "public") for each in method_entries(library, entries)]
    return tables(cohorts((entry, "public") for entry in entries), Memory(None), methods=studies)


def hostile(held: Tables) -> Tables:
    """The same tables with markup, scripts and formulae in every free text."""
    made: Tables = {}
    for name, rows in held.items():
        made[name] = [
            {
                key: _hostile(value, number + k) if key not in KEPT else value
                for k, (key, value) in enumerate(row.items())
            }
            for number, row in enumerate(rows)
        ]
    return made


def large(models: int, metrics: int, seed: int = 0) -> Board:
    """A board of one cohort with models x metrics results, tied and ranked at random."""
    rng = np.random.default_rng(seed)
    key = dict.fromkeys(("protocol_hash", "split", "version", "subset", "split_hash"), "x")
    key |= {"benchmark": "chexgenbench", "protocol": "v2", "cases": "60"}
    names = [f"kid_e{k}" for k in range(metrics // 2)] + [f"precision_e{k}" for k in range(metrics - metrics // 2)]
    made: Tables = {"cohorts": [], "models": [], "results": [], "standings": [], "pairs": [], "ranks": []}
    made |= {"left_out": [], "fronts": [], "methods": [], "published": [], "protocols": []}
    made["cohorts"].append(
        {"cohort": "c", **key, "licence": "", "credentialed": False, "records": models, "metrics": names,
         "not_applicable": "{}"}
    )  # fmt: skip
    for index in range(models):
        record = f"{index:064x}"
        made["models"].append(_model(record, index))
        made["ranks"].append(
            {"cohort": "c", "scope": "all", "record": record, "place": index + 1, "mean_rank": float(index),
             "borda": 0.5, "strength": 0.0, "low": index + 1, "high": min(models, index + 3), "p_first": 0.1,
             "kendall_tau": 0.9, "on_front": False, "metrics": names}
        )  # fmt: skip
        for metric in names:
            value, half = float(rng.random()), float(rng.random() / 10)
            made["results"].append(_result(key, record, f"model {index}", metric, value, half))
            made["standings"].append(
                {"cohort": "c", "metric": metric, "group": "overall", "record": record, "value": value,
                 "place": index + 1, "letters": "ab", "best": 1, "worst": models, "top": index < 3,
                 "contenders": models, "tested": 1.0}
            )  # fmt: skip
    return Board(made)


def _hostile(value: Any, number: int) -> Any:
    if isinstance(value, str):
        return f"{PAYLOADS[number % len(PAYLOADS)]} {value}"
    return [_hostile(each, number + k) for k, each in enumerate(value)] if isinstance(value, list) else value


def _model(record: str, index: int) -> dict[str, Any]:
    return {
        "cohort": "c", "record": record, "name": f"model {index}", "tier": "self-reported", "origin": "public",
        "kind": "generator", "source": f"made up {index % 7}", "revision": "", "licence": "", "parameters": 10**6,
        "training_data": [], "notes": [], "settings": "{}", "verified": True, "control": False, "seen": False,
        "run_seed": 1, "samples_hash": "s", "encoders": [], "statistics": [], "certificates": [],
        "warnings": [], "n_unreadable": 0, "command": "chexgenbench eval",
    }  # fmt: skip


def _result(key: dict[str, str], record: str, model: str, metric: str, value: float, half: float) -> dict[str, Any]:
    base, _, encoder = metric.partition("_")
    return {
        "cohort": "c", **key, "record": record, "model": model, "tier": "self-reported", "metric": metric, "base": base,
        "encoder": encoder, "family": "fidelity", "group": "overall", "group_kind": "overall", "group_value": "",
        "variant": "raw", "value": value, "low": value - half, "high": value + half, "se": half / 2, "level": 0.95,
        "n_generated": 60, "n_reference": 60, "n_patients": 40, "direction": "lower" if base == "kid" else "higher",
        "unit": "", "estimator": "mmd", "method": "", "parameters": "{}", "statistics": "", "reason": "",
        "interval_reason": "", "extra": "{}",
    }  # fmt: skip

"""How to get the same numbers again: command and hashes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from leaderboards.records.schema import ResultRecord
from leaderboards.reporting.provenance import Terms, without_folder


def command(record: ResultRecord, config: Mapping[str, Any]) -> str:
    """The command line that repeats the run, with placeholders for local paths."""
    split, _, place = str(config.get("split", record.split.get("name", ""))).partition(":")
    words = ["mirb", "eval", "--vlm", without_folder(str(config.get("vlm", record.model.get("name", ""))))]
    words += ["--split", f"{split}:PATH" if place else split, "--protocol", record.protocol]
    if config.get("tasks"):
        words += ["--tasks", ",".join(str(name) for name in config["tasks"])]
    if config.get("limit"):
        words += ["--limit", str(config["limit"])]
    if config.get("letters") is False:
        words.append("--no-letters")
    if config.get("dtype"):
        words += ["--dtype", str(config["dtype"])]
    for option, flag in (("model_options", "--model-option"), ("split_options", "--split-option")):
        for key, value in sorted(dict(config.get(option) or {}).items()):
            words += [flag, f"{key}={without_folder(str(value))}"]
    if config.get("weights"):
        words += ["--weights", "PATH"]
    if config.get("max_bad"):
        words += ["--max-bad", str(config["max_bad"])]
    words += ["--seed", str(record.run_seed), "--output", "RUN"]
    return " ".join(shlex.quote(word) for word in words)


def identity(record: ResultRecord, digest: str) -> Terms:
    """The hashes that two runs must share to be comparable, or to be the same."""
    split = record.split
    return [
        ("Record", f"sha256 {digest}"),
        ("Protocol", f"{record.protocol}, sha256 {record.protocol_hash}"),
        ("Questions", f"{split.get('name')} {split.get('version', '')}, sha256 {split.get('hash')}"),
        ("Answers", f"sha256 {record.samples_hash}"),
        ("Seed of the questions", str(record.run_seed)),
        ("Statistics", f"{len(record.statistics)} files, hashed in the record"),
    ]


def batch_check(run: Mapping[str, Any]) -> str:
    """What the comparison of batch and single answers found, in a sentence; "" where there was none."""
    stages = run.get("stages")
    passes = stages.get("answer", []) if isinstance(stages, dict) else []
    found = [each["batch_check"] for each in passes if isinstance(each, dict) and "batch_check" in each]
    if not found:
        return ""
    check = found[-1]
    if check.get("agree"):
        return f"{check.get('compared')} questions were answered alike in a batch and one by one."
    return (
        f"{check.get('differing')} of {check.get('compared')} answers changed in a batch, so every question was asked "
        "alone."
    )

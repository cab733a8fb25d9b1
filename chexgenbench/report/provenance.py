"""How to get the same numbers again: command, hashes, encoders, environment. Local paths never reach the page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from leaderboards.records.schema import EncoderFingerprint, ResultRecord
from leaderboards.reporting.provenance import (
    Terms,
    environment,
    model_terms,
    plain,
    read_plain,
    scrubbed,
    without_folder,
)

__all__ = [
    "command",
    "encoder_terms",
    "environment",
    "identity",
    "model_terms",
    "read_plain",
    "scrubbed",
    "without_folder",
]


def command(record: ResultRecord, config: Mapping[str, Any]) -> str:
    """The command line that repeats the run, with placeholders for local paths."""
    split, _, place = str(config.get("split", record.split.get("name", ""))).partition(":")
    words = ["chexgenbench", "eval"]
    words += ["--model", without_folder(str(config.get("model", record.model.get("name", ""))))]
    words += ["--split", f"{split}:PATH" if place else split]
    if (subset := str(config.get("subset") or record.split.get("subset", "test"))) != "test":
        words += ["--subset", subset]
    words += ["--protocol", record.protocol]
    if config.get("preset"):
        words += ["--preset", str(config["preset"])]
    for option in ("metrics", "encoders"):
        if chosen := config.get(option):
            words += [f"--{option}", ",".join(str(name) for name in chosen)]
    if config.get("limit"):
        words += ["--limit", str(config["limit"])]
    if config.get("delta") is not None:
        words += ["--delta", str(config["delta"])]
    if config.get("dtype"):
        words += ["--dtype", str(config["dtype"])]
    for option, flag in (("model_options", "--model-option"), ("split_options", "--split-option")):
        for key, value in sorted(dict(config.get(option) or {}).items()):
            words += [flag, f"{key}={without_folder(str(value))}"]
    if config.get("weights"):
        words += ["--weights", "PATH"]
    for encoder in sorted(dict(config.get("encoder_weights") or {})):
        words += ["--encoder-weights", f"{encoder}=PATH"]
    if config.get("allow_missing"):
        words.append("--allow-missing")
    if config.get("max_bad"):
        words += ["--max-bad", str(config["max_bad"])]
    words += ["--seed", str(record.run_seed), "--output", "RUN"]
    return " ".join(shlex.quote(word) for word in words)


def identity(record: ResultRecord, digest: str) -> Terms:
    """The hashes that two runs must share to be comparable, or to be the same."""
    split = record.split
    terms = [
        ("Record", f"sha256 {digest}"),
        ("Protocol", f"{record.protocol}, sha256 {record.protocol_hash}"),
        (
            "Split",
            f"{split.get('name')} {split.get('version', '')}, {split.get('subset', '')}, sha256 {split.get('hash')}",
        ),
        ("Generated images", f"sha256 {record.samples_hash}"),
        ("Seed", str(record.run_seed)),
    ]
    terms += [("Statistics", f"{len(record.statistics)} files, hashed in the record")] if record.statistics else []
    return terms


def encoder_terms(encoder: EncoderFingerprint) -> Terms:
    """What made the features, so that another machine can check that it has the same."""
    terms = [("Source", scrubbed(encoder.source)), ("Fingerprint", encoder.fingerprint)]
    terms += [(name, f"sha256 {digest}") for name, digest in encoder.weight_hashes.items()]
    return terms + [(name.replace("_", " "), plain(value)) for name, value in encoder.settings.items()]

"""How to get the same numbers again: command, hashes, encoders, environment. Local paths never reach the page."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leaderboards.records.schema import EncoderFingerprint, ResultRecord

Terms = list[tuple[str, str]]


def read_plain(path: Path) -> dict[str, Any]:
    """A JSON object that only describes the run; an empty one where it is missing or damaged."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


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


def without_folder(value: str) -> str:
    """A path of this machine as PATH/<last part>, also behind "name:"; hub ids ("owner/name") stay as they are."""
    if value.startswith(("http://", "https://")):
        return value
    name, colon, rest = value.partition(":")
    if colon and rest and "/" not in name and "\\" not in name and len(name) > 1:
        return f"{name}:{without_folder(rest)}"
    path = Path(value).expanduser()
    if path.is_absolute() or value.startswith((".", "~")) or value.count("/") > 1 or "\\" in value:
        return f"PATH/{path.name}"
    return value


def scrubbed(text: str) -> str:
    """A text with every absolute path in it cut to its last part."""
    return re.sub(r"(?<![^\s=:,;('\"])(?:/(?!/)|~/)[^\s,;'\")]+", lambda found: without_folder(found[0]), text)


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


def model_terms(model: Mapping[str, Any]) -> Terms:
    """The model card, field by field, empty fields left out and paths cut."""
    terms: Terms = []
    for key, value in model.items():
        if value in (None, "", [], {}, ()):
            continue
        terms.append((key.replace("_", " ").capitalize(), _plain(value)))
    return terms


def encoder_terms(encoder: EncoderFingerprint) -> Terms:
    """What made the features, so that another machine can check that it has the same."""
    terms = [("Source", scrubbed(encoder.source)), ("Fingerprint", encoder.fingerprint)]
    terms += [(name, f"sha256 {digest}") for name, digest in encoder.weight_hashes.items()]
    return terms + [(name.replace("_", " "), _plain(value)) for name, value in encoder.settings.items()]


def environment(run: Mapping[str, Any]) -> Terms:
    """Versions and hardware from run.json, and what each stage took; nothing that names the host or its folders."""
    facts = run.get("environment")
    facts = facts if isinstance(facts, dict) else {}
    terms: Terms = [
        (name.capitalize(), str(facts[name])) for name in ("python", "processor", "cores") if facts.get(name)
    ]
    if isinstance(packages := facts.get("packages"), dict):
        terms.append(("Packages", ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))))
    if isinstance(git := facts.get("git"), dict) and git.get("commit"):
        terms.append(("Source", f"commit {git['commit']}" + (", with local changes" if git.get("dirty") else "")))
    stages = run.get("stages")
    for name, passes in stages.items() if isinstance(stages, dict) else ():
        times = (
            [entry.get("seconds") for entry in passes if isinstance(entry, dict)] if isinstance(passes, list) else []
        )
        if times and isinstance(times[-1], int | float):
            memory = passes[-1].get("peak_memory_mb")
            held = f", {memory} MB at most" if memory else ""
            terms.append((f"Stage {name}", f"{times[-1]:.1f} s{held}"))
    return terms


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_plain(inner) for inner in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return scrubbed(str(value))

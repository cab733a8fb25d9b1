"""Facts of a run as a report tells them: the model's card, versions, stages. Local paths never reach the page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Terms = list[tuple[str, str]]


def read_plain(path: Path) -> dict[str, Any]:
    """A JSON object that only describes the run; an empty one where it is missing or damaged."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


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


def model_terms(model: Mapping[str, Any]) -> Terms:
    """The model card, field by field, empty fields left out and paths cut."""
    terms: Terms = []
    for key, value in model.items():
        if value in (None, "", [], {}, ()):
            continue
        terms.append((key.replace("_", " ").capitalize(), plain(value)))
    return terms


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


def plain(value: Any) -> str:
    """A plain value as a reader wants it, paths cut."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {plain(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(plain(inner) for inner in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return scrubbed(str(value))

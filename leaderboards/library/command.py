"""The command that makes a record again."""

from __future__ import annotations

import shlex

from leaderboards.library.paths import text_of
from leaderboards.records.schema import ResultRecord


def command(record: ResultRecord) -> str:
    """The command, quoted for a shell, as far as a record tells: options of the adapter are not in it."""
    split = record.split
    words = [record.benchmark, "eval", "--vlm" if record.benchmark == "mirb" else "--model"]
    words += [text_of(record.model, "name"), "--split", text_of(split, "name"), "--protocol", record.protocol]
    cases = split.get("cases")
    if record.benchmark == "chexgenbench":
        quick = any(text.startswith("Preset quick") for text in record.warnings)
        words += ["--preset", "quick" if quick else "full"]
        words += ["--limit", str(cases)] if quick and isinstance(cases, int) else []
    options = split.get("options")
    for name, value in sorted(options.items()) if isinstance(options, dict) else ():
        words += ["--split-option", f"{name}={value}"]
    return shlex.join([*words, "--seed", str(record.run_seed)])

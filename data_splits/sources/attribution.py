"""The lines a folder's own ATTRIBUTION.md asks to be shown."""

from __future__ import annotations

import re
from pathlib import Path

LIMIT = 4000
"""Longest licence text kept, in characters."""


def attribution(folder: Path) -> str | None:
    """What ATTRIBUTION.md says about a folder, as one line of text, or None.

    The file lies in the folder (all of it counts) or in its parent, where the section whose heading names the folder
    (such as "## nih/ : NIH ChestX-ray14") counts.
    """
    own = folder / "ATTRIBUTION.md"
    if own.is_file():
        return _flat(own.read_text("utf-8")) or None
    shared = folder.parent / "ATTRIBUTION.md"
    if not shared.is_file():
        return None
    heading = re.compile(rf"^##+\s+[^\n]*\b{re.escape(folder.name)}/[^\n]*\n(.*?)(?=^##+\s|\Z)", re.M | re.S)
    section = heading.search(shared.read_text("utf-8"))
    return _flat(section.group(1)) or None if section else None


def _flat(text: str) -> str:
    text = re.sub(r"^\s*(#+|[-*]|\d+\.)\s+", "", text, flags=re.M)
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text).replace("**", "").replace("`", "")
    return re.sub(r"\s+", " ", text).strip()[:LIMIT]

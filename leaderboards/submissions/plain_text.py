"""The texts of a record are plain: names in a narrow alphabet, prose without markup, control characters or paths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from leaderboards.submissions.findings import Finding, error, shown

MAX_TEXT = 2000
MAX_KEYS = 5000
MAX_FREE_DEPTH = 5
"""Of the model card and the split's facts."""

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._:/@+()\-]{0,118}[A-Za-z0-9)+])?")
GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/@+()=<>,&'\-]{0,159}")
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/,+()=<>\-]{0,159}")

_MARKUP = re.compile(r"<[A-Za-z/!?]|&(?:[A-Za-z]{2,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});|!\[|\]\(")
_SCRIPT = re.compile(r"\b(?:javascript|vbscript)\s*:|\bdata\s*:\s*[a-z]+/|\bfile://", re.IGNORECASE)
_LOCAL = re.compile(r"(?:^|[\s\"'=:(])(?:/(?:home|Users|root|mnt|scratch|tmp|var|media)/|~/|[A-Za-z]:\\)")
_FORMULA = re.compile(r"[=@]|[+-](?!-[a-z])")
"""What a spreadsheet takes for a formula, options of a command (`--model ...`) excepted."""

_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))

_NAMES = {
    ("protocol",), ("split", "name"), ("split", "version"), ("split", "subset"), ("model", "name"), ("model", "kind"),
    ("encoders", "name"), ("results", "metric"), ("results", "estimator"),
}  # fmt: skip


def check_texts(record: dict[str, Any], where: str) -> list[Finding]:
    """Every text and key of a record's plain data, with one finding for each that is not plain.

    Refused: characters that do not show or that reorder others (control, format, private use); markup and script
    addresses; paths of the submitter's machine; names beyond ASCII letters, digits and a few signs (so that none can
    pass for another); texts that a spreadsheet would take for a formula; anything over-long or deeply nested.
    """
    found: list[Finding] = []
    keys = 0
    for path, text, is_key in _texts(record):
        keys += is_key and path[0] in ("model", "split")
        problem = _problem(path, text, is_key)
        if problem is not None:
            label = ".".join(str(part) for part in path)
            found.append(error("text", where, f"{shown(label, 60)} {problem}: {shown(text, 60)!r}"))
    if keys > MAX_KEYS:
        found.append(error("text", where, f"{keys} fields in the model card and the split's facts; at most {MAX_KEYS}"))
    for part in ("model", "split"):
        if _depth(record.get(part)) > MAX_FREE_DEPTH:
            found.append(error("text", where, f"{part} is nested deeper than {MAX_FREE_DEPTH} levels"))
    return found


def _problem(path: tuple[str | int, ...], text: str, is_key: bool) -> str | None:
    if len(text) > MAX_TEXT:
        return f"has {len(text)} characters (at most {MAX_TEXT})"
    odd = next((each for each in text if unicodedata.category(each) in _INVISIBLE), None)
    if odd is not None:
        return f"holds the invisible character U+{ord(odd):04X}"
    if _MARKUP.search(text):
        return "holds markup; records hold plain text"
    if _SCRIPT.search(text):
        return "holds a script or data address"
    if _LOCAL.search(text):
        return "holds a path of your machine"
    if is_key:
        return None if KEY.fullmatch(text) else "is no field name of letters, digits and ._:/,+()=<>-"
    field = tuple(part for part in path if isinstance(part, str))
    if field in _NAMES and text and not NAME.fullmatch(text):
        return "is no name of ASCII letters, digits and ._:/@+()-"
    if field == ("results", "group") and not GROUP.fullmatch(text):
        return "is no group name"
    if _FORMULA.match(text):
        return "would be a formula in a spreadsheet"
    return None


def _texts(record: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str, bool]]:
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), record)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, str):
            yield path, value, False
        elif isinstance(value, list):
            stack += [((*path, index), each) for index, each in enumerate(value)]
        elif isinstance(value, dict):
            for key, each in value.items():
                if path:
                    yield (*path, key), key, True
                stack.append(((*path, key), each))


def _depth(value: Any) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        each, depth = stack.pop()
        deepest = max(deepest, depth)
        inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        stack += [(one, depth + 1) for one in inner]
    return deepest

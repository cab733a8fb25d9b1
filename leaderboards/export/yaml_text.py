"""Plain data as YAML text, so that no YAML library is needed where nothing else is parsed.

Block style for mappings and lists; every text is a double-quoted scalar in JSON's escapes, which YAML 1.1 and 1.2 both
read, so no text can become another type, a tag, an alias or a second document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
RESERVED = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
UNREADABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""Characters that JSON leaves as they are and YAML does not take."""


def yaml_text(value: Any) -> str:
    """YAML of mappings, sequences, texts, finite numbers, booleans and None.

    Raises:
        ValueError: a number that is not finite. TypeError: anything else.
    """
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> list[str]:
    if isinstance(value, Mapping) and value:
        found = []
        for key, each in value.items():
            found += _entry(f"{_key(key)}:", each, "  ")
        return found
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        found = []
        for each in value:
            inner = _lines(each)
            nested = isinstance(each, Sequence) and not isinstance(each, str) and each
            found += (
                ["-", *(f"  {line}" for line in inner)] if nested else [f"- {inner[0]}", *(f"  {x}" for x in inner[1:])]
            )
        return found
    return [_scalar(value)]


def _entry(head: str, value: Any, indent: str) -> list[str]:
    inner = _lines(value)
    if isinstance(value, Mapping | Sequence) and not isinstance(value, str) and value:
        return [head, *(indent + line for line in inner)]
    return [f"{head} {inner[0]}"]


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{key!r} is no text, so it cannot be a key")
    return key if PLAIN_KEY.fullmatch(key) and key.lower() not in RESERVED else _quoted(key)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool) or value is None or isinstance(value, int):
        return json.dumps(value)
    if isinstance(value, float):
        text = json.dumps(value, allow_nan=False)
        # YAML 1.1 takes "1e-05" for a text: the point and the sign of the exponent are required.
        mantissa, sign, exponent = text.partition("e")
        return text if not sign else f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent}"
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, Sequence):
        return "[]"
    raise TypeError(f"{type(value).__name__} cannot be written as YAML")


def _quoted(text: str) -> str:
    return UNREADABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))

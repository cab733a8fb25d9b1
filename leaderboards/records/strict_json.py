"""JSON from a stranger: one meaning, finite numbers, no key twice, bounded depth. Anything else is refused."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 16
MAX_INTEGER = 2**63 - 1
"""What a table's integer column holds."""


def loads(text: str) -> Any:
    """Parse JSON of which every reader makes the same thing.

    Raises:
        ValueError: not JSON; a key that occurs twice in an object (readers differ in which one counts); NaN, infinity
            or a number that overflows to it; an integer beyond 64 bits; half of a surrogate pair; or nesting deeper
            than MAX_DEPTH. The message has one line and quotes at most 80 characters.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from None
    _check(value)
    return value


def _refuse_constant(constant: str) -> float:
    raise ValueError(f"it holds {constant}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {ascii(key)[:80]} occurs twice")
        found[key] = value
    return found


def _check(value: Any) -> None:
    # A stack of our own: nesting is the stranger's choice.
    stack: list[tuple[Any, int]] = [(value, 1)]
    while stack:
        each, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        if isinstance(each, dict):
            for key in each:
                _check_text(key)
            stack += [(inner, depth + 1) for inner in each.values()]
        elif isinstance(each, list):
            stack += [(inner, depth + 1) for inner in each]
        elif isinstance(each, str):
            _check_text(each)
        elif isinstance(each, float) and not math.isfinite(each):
            raise ValueError("it holds a number that is not finite")
        elif isinstance(each, int) and abs(each) > MAX_INTEGER:
            raise ValueError("it holds an integer of more than 64 bits")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"the text {ascii(text)[:80]} holds half of a surrogate pair") from None

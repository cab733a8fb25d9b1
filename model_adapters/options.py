"""Adapter options: names and types checked against their defaults, so that a typing error is told, not ignored."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from data_splits.errors import UserError

OptionValue = str | int | float | bool
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_options(given: Mapping[str, Any], defaults: Mapping[str, OptionValue], adapter: str) -> dict[str, Any]:
    """The defaults, overlaid with what was given; text from a command line takes the type of the default.

    Raises:
        UserError: an option that the adapter does not have (with the nearest one), or a value of another type.
    """
    values: dict[str, Any] = dict(defaults)
    for name, value in given.items():
        key = name.replace("-", "_")
        if key not in defaults:
            near = difflib.get_close_matches(key, defaults, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"It has: {', '.join(defaults) or 'none'}."
            raise UserError(f"{adapter} has no option {name!r}. {hint}")
        values[key] = _cast(value, type(defaults[key]), adapter, name)
    return values


def _cast(value: Any, kind: type, adapter: str, name: str) -> Any:
    try:
        if kind is bool:
            return value if isinstance(value, bool) else _WORDS[str(value).lower()]
        return kind(value)
    except (KeyError, ValueError, TypeError):
        words = {bool: "true or false", int: "a whole number", float: "a number"}
        raise UserError(f"Option {name!r} of {adapter} must be {words.get(kind, 'text')}.") from None

"""Merging methods by name, and all their settings. Importing this imports no torch."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from data_splits.errors import UserError
from model_adapters.methods.merging.run import Merged, MergeRun, Option
from model_adapters.options import read_options

_HERE = "model_adapters.methods.merging"

METHODS = {
    "average": f"{_HERE}.average",
    "greedy-soup": f"{_HERE}.greedy_soup",
    "task-arithmetic": f"{_HERE}.task_arithmetic",
    "ties": f"{_HERE}.ties",
    "dare": f"{_HERE}.dare",
    "consensus": f"{_HERE}.consensus",
    "fisher": f"{_HERE}.fisher",
    "regmean": f"{_HERE}.regmean",
    "ada-merging": f"{_HERE}.ada_merging",
    "lorahub": f"{_HERE}.lorahub",
    "fw-hard": f"{_HERE}.frank_wolfe.hard",
    "fw-soft": f"{_HERE}.frank_wolfe.soft",
    "fw-hard-authors": f"{_HERE}.frank_wolfe.hard_authors",
    "fw-soft-authors": f"{_HERE}.frank_wolfe.soft_authors",
    "reproduce": f"{_HERE}.reproduce",
}
"""Each module has OPTIONS, merge(run), and steps(run) where it learns in steps."""


def method_module(name: str) -> ModuleType:
    """The module of a method.

    Raises:
        UserError: there is none, with the nearest one.
    """
    if name not in METHODS:
        near = difflib.get_close_matches(name.replace("_", "-").lower(), METHODS, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UserError(f"There is no merging method {name!r}. {hint}Known: {', '.join(METHODS)}.")
    return importlib.import_module(METHODS[name])


def settings_of(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a method, what was given laid over its defaults.

    Raises:
        UserError: a setting that the method does not have, or a value of another type.
    """
    options: Mapping[str, Option] = method_module(name).OPTIONS
    return read_options(given, {key: option.default for key, option in options.items()}, name)


def planned_steps(run: MergeRun, name: str) -> int:
    """How many learning steps a method takes at most."""
    module = method_module(name)
    return int(module.steps(run)) if hasattr(module, "steps") else 0


def merge(run: MergeRun, name: str) -> Merged:
    """Run a method."""
    merged: Merged = method_module(name).merge(run)
    return merged


def all_options() -> dict[str, str]:
    """Every setting of any method -> help that names its methods and their defaults."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in METHODS:
        for key, option in method_module(name).OPTIONS.items():
            found.setdefault(key, {}).setdefault(option.help, []).append(f"{name} {option.default}")
    return {
        key: "; ".join(f"{text} [{', '.join(names)}]" for text, names in texts.items()) for key, texts in found.items()
    }

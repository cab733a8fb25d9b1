"""Runs a training method: inputs checked, folder bound to them, budgets held, a finished folder not trained again."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import canonical_json, clear_debris
from model_adapters.inference.store_files import bind_key, folder_lock
from model_adapters.methods.artifact import ARTIFACT_FILE, read_artifact, write_artifact
from model_adapters.methods.measured import Measured
from model_adapters.options import read_options
from model_adapters.protocols import Artifact, MethodInput, Saved, TrainingMethod


def run_method(
    method: TrainingMethod,
    given: Mapping[str, Any],
    output: Path,
    seed: int = 0,
    saved: Saved = lambda done, total: None,
) -> Artifact:
    """Fit, or go on with, or read back what was fitted in `output` by the same method, inputs and seed.

    Layout of `output`: `key.json`, `work/` (the method's own, and `measured.json`: seconds
    and memory), `artifact.json` (last).

    Raises:
        UserError: an input that the method does not have, lacks or cannot read; a folder of another run; another
            process at work there; an unsound artifact, or one that used more than its budget.
    """
    name = method.card.name
    inputs = read_inputs(given, method.inputs, name)
    with folder_lock(output):
        key = {"method": name, "seed": seed, "inputs": {each: _plain(value) for each, value in inputs.items()}}
        bind_key(output, key, output / ARTIFACT_FILE, "the work")
        if (output / ARTIFACT_FILE).exists():
            return read_artifact(output)
        (output / "work").mkdir(exist_ok=True)
        clear_debris(output / "work")
        measured = Measured(output / "work")
        try:
            artifact = method.fit(inputs, output / "work", seed, measured.after_each(saved))
        except UserError:
            # A mistake told before any work was done binds the folder to nothing: it is free for the next try.
            if not any((output / "work").iterdir()):
                (output / "key.json").unlink()
            raise
        require_budgets(artifact, inputs, method.inputs)
        measured.write()
        write_artifact(artifact, output)
    return artifact


def read_inputs(given: Mapping[str, Any], known: Mapping[str, MethodInput], name: str) -> dict[str, Any]:
    """Every input of a method, defaults filled in; text from a command line takes the type of the default.

    Raises:
        UserError: an unknown name (with the nearest one), a required one that is absent, or a value of another type.
    """
    values: dict[str, Any] = {}
    for text, value in given.items():
        key = text.replace("-", "_")
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"It asks for: {', '.join(known) or 'nothing'}."
            raise UserError(f"{name} asks for no input {text!r}. {hint}")
        default = known[key].default
        if known[key].budget and default is None:
            value = _amount(value, key, name)
        values[key] = value if default is None else read_options({key: value}, {key: default}, name)[key]
    absent = [f"{key} ({each.help})" for key, each in known.items() if each.required and key not in values]
    if absent:
        raise UserError(f"{name} needs {'; '.join(absent)}.")
    return {key: values.get(key, each.default) for key, each in known.items()}


def _amount(value: Any, key: str, name: str) -> Any:
    """A budget that has no default as a number: a command line gives text."""
    if not isinstance(value, str):
        return value
    return int(value) if value.strip().isdigit() else read_options({key: value}, {key: 0.0}, name)[key]


def require_budgets(artifact: Artifact, inputs: Mapping[str, Any], known: Mapping[str, MethodInput]) -> None:
    """Raise UserError for a budget that the record does not account for, or that was overdrawn."""
    used = artifact.record.get("budget", {})
    for key, each in known.items():
        if not each.budget or inputs[key] is None:
            continue
        if key not in used:
            raise UserError(f"The record of {artifact.card.name} does not say how much of the budget {key} was used.")
        if used[key] > inputs[key]:
            raise UserError(f"{artifact.card.name} used {used[key]} of {key}; its budget is {inputs[key]}.")


def _plain(value: Any) -> Any:
    """A value as it stands in key.json: itself if JSON, a path's text, else only what type it is of."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    try:
        canonical_json(value)
    except (TypeError, ValueError):
        return f"<{type(value).__name__}>"
    return value

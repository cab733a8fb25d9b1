"""`model-adapters train`: reads a method's inputs, runs it with progress, tells what came out."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from data_splits import cli_support
from data_splits.errors import UserError
from model_adapters.methods.run import run_method
from model_adapters.protocols import TrainingMethod


def read_config(path: Path | None) -> dict[str, Any]:
    """The inputs of a TOML or JSON file; none without a file.

    Raises:
        UserError: no such file, or not a table of names and values.
    """
    if path is None:
        return {}
    try:
        text = path.read_text("utf-8")
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise UserError(f"Cannot read --config {path}: {error.strerror}.") from error
    except ValueError as error:
        raise UserError(f"--config {path} is neither TOML nor JSON (.json): {error}.") from error
    if not isinstance(data, dict):
        raise UserError(f"--config {path} must be a table of inputs: name = value.")
    return data


def read_flags(words: Sequence[str]) -> dict[str, str]:
    """Inputs written as options, `--steps 100` or `--steps=100`; one without a value is "true".

    Raises:
        UserError: a word that belongs to no option.
    """
    given: dict[str, str] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--") or not word[2:]:
            raise UserError(f"{word!r} belongs to no option. Inputs are written --KEY VALUE, after the method's name.")
        key, sign, value = word[2:].partition("=")
        if not sign:
            value = left.pop(0) if left and not left[0].startswith("--") else "true"
        given[key] = value
    return given


def tell_inputs(method: TrainingMethod, as_json: bool) -> None:
    """Print what a method asks for, with defaults; of the card the notes."""
    if as_json:
        rows = {name: {"help": each.help, "default": each.default, "required": each.required, "budget": each.budget}
                for name, each in method.inputs.items()}  # fmt: skip
        cli_support.emit_json(rows)
        return
    typer.echo(f"{method.card.name} asks for")
    for name, each in method.inputs.items():
        default = "required" if each.required else f"default {each.default!r}"
        typer.echo(f"  {name:20} {each.help} ({default}{', a budget' if each.budget else ''})")
    for note in method.card.notes:
        typer.echo(f"  note: {note}")


def train(method: TrainingMethod, given: Mapping[str, Any], output: Path, seed: int, as_json: bool) -> None:
    """Run the method in `output`, or go on there, and tell where its artifact lies."""
    with cli_support.meter(method.card.name) as show:
        artifact = run_method(method, given, output, seed, show)
    facts = {
        "artifact": str(artifact.folder), "kind": artifact.kind, "name": artifact.card.name,
        "model_kind": artifact.card.kind, "record": dict(artifact.record),
    }  # fmt: skip
    if as_json:
        cli_support.emit_json(facts)
        return
    typer.echo(f"{artifact.kind} of {artifact.card.name} ({artifact.card.kind}): {artifact.folder}")
    for what in ("certificate_words", "test_set_words"):
        if artifact.record.get(what):
            typer.echo(artifact.record[what])

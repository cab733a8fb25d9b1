"""Options that commands share."""

from __future__ import annotations

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from data_splits.cli_options import choice, given, key_values, names, takes_options
from data_splits.errors import UserError


def test_a_command_gets_shared_options_made_into_one_value() -> None:
    def shared(size: Annotated[int, typer.Option("--size")] = 3, name: str = "x") -> dict[str, object]:
        return {"size": size, "name": name}

    app = typer.Typer()

    @app.command()
    @takes_options(shared)
    def show(made: dict[str, object], twice: Annotated[bool, typer.Option("--twice")] = False) -> None:
        typer.echo(f"{made} {twice}")

    assert CliRunner().invoke(app, []).stdout == "{'size': 3, 'name': 'x'} False\n"
    assert CliRunner().invoke(app, ["--size", "5", "--twice"]).stdout == "{'size': 5, 'name': 'x'} True\n"
    assert "--size" in CliRunner().invoke(app, ["--help"]).stdout


def test_a_command_knows_what_was_written_and_may_configure_later() -> None:
    def shared(size: Annotated[int, typer.Option("--size")] = 3) -> int:
        return size

    app = typer.Typer()

    @app.command()
    @takes_options(shared)
    def show(made: int, context: typer.Context, word: Annotated[str, typer.Option("--word")] = "x") -> None:
        typer.echo(f"{made} {sorted(given(context))}")

    assert CliRunner().invoke(app, []).stdout == "3 []\n"
    assert CliRunner().invoke(app, ["--size", "3", "--word", "x"]).stdout == "3 ['size', 'word']\n"


def test_values_are_checked() -> None:
    assert choice("a", ("a", "b"), "--x") == "a"
    assert key_values(["k=v=w", "l="], "--x") == {"k": "v=w", "l": ""} and key_values(None, "--x") == {}
    assert names("a, b,,c") == ("a", "b", "c") and names(None) is None and names("") == ()
    with pytest.raises(UserError, match="one of a, b"):
        choice("c", ("a", "b"), "--x")
    for broken in ("k", "=v"):
        with pytest.raises(UserError, match="KEY=VALUE"):
            key_values([broken], "--x")

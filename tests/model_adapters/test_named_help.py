"""Help of a command that names a method tells what that method asks for."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from model_adapters.cli import app
from model_adapters.methods import METHODS


def helped(*words: str) -> str:
    done = CliRunner().invoke(app, ["train", *words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("words", [("satm", "--help"), ("--output", "runs/x", "satm", "--help"), ("--help", "satm")])
def test_the_named_method_tells_its_inputs(words: tuple[str, ...]) -> None:
    told = helped(*words)
    assert "Usage" in told and "--output" in told
    assert "satm asks for" in told and "images_per_class" in told and "default 10, a budget" in told


def test_every_method_teaches() -> None:
    for name in METHODS.names():
        told = helped(name, "--help")
        assert f"{name} asks for" in told and "note:" in told, name


def test_without_a_name_it_is_the_help_of_the_command() -> None:
    assert "satm" not in helped("--help") and "note:" not in helped("--help")

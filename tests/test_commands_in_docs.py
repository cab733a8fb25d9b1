"""Every command that a page, a card or a hint tells the reader to type exists, with every option that it is given."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from model_adapters.methods import METHODS
from model_adapters.protocols import BuildContext
from model_adapters.scaffold.kinds import KINDS

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ("data-splits", "model-adapters", "chexgenbench", "mirb", "leaderboards")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(rf"`((?:{'|'.join(PROGRAMS)})\s[^`|]*)`")


def commands(text: str) -> list[str]:
    """Command lines of the suite in fenced blocks and in running text; continued lines joined, comments left out."""
    shell = (block for language, block in BLOCK.findall(text) if language in ("", "bash"))
    lines = [line for block in shell for line in re.sub(r"\\\n\s*", " ", block).splitlines()]
    lines += INLINE.findall(BLOCK.sub("", text))
    words = (" ".join(re.split(r"\s#\s|\s{2,}\(", line)[0].split()) for line in lines)
    return [line for line in words if line.split(" ")[0] in PROGRAMS]


def complaint(line: str) -> str | None:
    """What the command line would not understand of a line."""
    program, *words = shlex.split(line)
    command: Any = typer.main.get_command(importlib.import_module(f"{program.replace('-', '_')}.cli").app)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return None if re.fullmatch(r"[A-Z]+|\.\.\.|…", words[0]) else f"{program} has no command {words[0]!r}"
        command = command.commands[words.pop(0)]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    if (program, command.name) == ("model-adapters", "train") and words and words[0] in METHODS.names():
        inputs = METHODS.build(words[0], BuildContext()).inputs
        known |= {f"--{name}" for each in inputs for name in (each, each.replace("_", "-"))}
        given = [words[at + 1].split("=")[0] for at, word in enumerate(words[:-1]) if word == "--input"]
        if unknown := [each for each in given if each.replace("-", "_") not in inputs and each.isidentifier()]:
            return f"{words[0]} has no input {unknown}"
    unknown = [word for word in words if re.match(r"--?[a-z]", word) and word.split("=")[0] not in known]
    return f"{program} {command.name} has no option {unknown}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_page_exist(page: Path) -> None:
    wrong = {line: told for line in commands(page.read_text("utf-8")) if (told := complaint(line))}
    assert not wrong


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_next_step_after_new_exists(kind: Any) -> None:
    name = "merging" if kind.name == "method" else "my-adapter"
    assert complaint(kind.next_step.format(name=name)) is None


def test_what_does_not_exist_is_seen() -> None:
    assert "no option ['--data']" in str(complaint("mirb eval --vlm x --data y"))
    assert "no command 'evl'" in str(complaint("mirb evl"))
    assert "no input ['clases']" in str(complaint("model-adapters train satm --input clases=view"))
    assert "no option ['--clases']" in str(complaint("model-adapters train satm --clases view"))
    page = "x\n```bash\nmirb eval \\\n  -m a   # why\nls\n```\n`mirb\ntasks` and `mirb | leaderboards`"
    assert commands(page) == ["mirb eval -m a", "mirb tasks"]
    assert sum(len(commands(page.read_text("utf-8"))) for page in PAGES) > 100

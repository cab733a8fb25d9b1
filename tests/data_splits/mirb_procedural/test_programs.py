"""The interpreter of generated programs: own imports only, a handful of builtins; mutants change the text."""

from __future__ import annotations

import pytest

from data_splits.mirb_procedural.programs import program, run
from data_splits.phantom.draws import Draws


def test_run_imports_between_files_and_returns_what_is_printed() -> None:
    assert run({"main.py": "from a import f\nprint(f(2) + 1)\n", "a.py": "def f(x):\n    return x * 10\n"}) == "21"


@pytest.mark.parametrize(
    "line", ["import os", "open('x')", "eval('1')", "print(__import__('os'))", "getattr(1, 'real')"]
)
def test_nothing_else_is_within_reach(line: str) -> None:
    with pytest.raises((ImportError, NameError)):
        run({"main.py": line + "\n"})


def test_mutants_differ_in_text_and_still_run() -> None:
    for level in (1, 2, 3):
        for number in range(12):
            files, spare = program(Draws("test", level, number), level)
            assert [file.name for file in files][-1] == "main.py"
            assert len(spare) == (level == 3)
            sources = {file.name: file.source for file in files}
            for file in files:
                for mutant in file.mutants():
                    assert mutant.source != file.source
                    int(run(sources | {mutant.name: mutant.source}))

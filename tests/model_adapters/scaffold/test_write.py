"""What `model-adapters new` writes works as it is, for all five kinds, in a checkout and outside."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data_splits.errors import UserError
from model_adapters.encoders import ENCODERS
from model_adapters.scaffold.kinds import KINDS
from model_adapters.scaffold.write import LONGEST, checkout_root, require_name, with_entry, write_adapter

ROOT = Path(__file__).parents[3]
ELSEWHERE = ("--ignore", "I")
"""Which imports are first-party, and so their order, is for the package to say in which the adapter lies."""


def run(*command: str, cwd: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(cwd)}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=environment, cwd=cwd, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_all_five_pass_their_own_tests_linted_and_formatted_outside_a_checkout(tmp_path: Path) -> None:
    tests = []
    for index, kind in enumerate(KINDS.values()):
        name = f"mine-{index}"
        written = write_adapter(name, kind, tmp_path, None, set())
        assert written.registry is None and f'{name} = "mine_{index}:build"' in str(written.entry_point)
        assert f'[project.entry-points."model_adapters.{kind.folder}"]' in str(written.entry_point)
        assert "my-adapter" not in written.adapter.read_text() and "templates" not in written.test.read_text()
        tests.append(str(written.test))
    said = run("-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *tests, cwd=tmp_path)
    assert "15 passed" in said
    lint_as_the_suite(tmp_path, *ELSEWHERE)


@pytest.mark.parametrize("name", ["a", "a-" * (LONGEST // 2 - 1) + "ab"])
def test_short_and_long_names_keep_the_format(name: str, tmp_path: Path) -> None:
    for kind in KINDS.values():
        write_adapter(name, kind, tmp_path / kind.name, None, set())
        lint_as_the_suite(tmp_path / kind.name, *ELSEWHERE)


def lint_as_the_suite(folder: Path, *arguments: str) -> None:
    """ruff with the suite's rules, started in the folder: it decides there what is first-party."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    run("-m", "ruff", "check", "--no-cache", *arguments, ".", cwd=folder)
    run("-m", "ruff", "format", "--check", "--no-cache", ".", cwd=folder)


def test_in_a_checkout_it_lands_in_its_places_and_is_registered(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    for kind in KINDS.values():
        package = root / "model_adapters" / kind.folder
        package.mkdir(parents=True)
        registry = (ROOT / "model_adapters" / kind.folder / "__init__.py").read_text()
        (package / "__init__.py").write_text(registry)
        written = write_adapter("mine", kind, None, root, set())
        assert written.adapter == package / "mine.py" and written.entry_point is None
        assert written.test == root / "tests" / "model_adapters" / kind.folder / "test_mine.py"
        assert f"from model_adapters.{kind.folder} import mine\n" in written.test.read_text()
        lines = (package / "__init__.py").read_text().splitlines()
        added = [line for line in lines if line not in registry.splitlines()]
        assert '        "mine": f"{_HERE}.mine:build",' in added
        compile("\n".join(lines), "registry", "exec")
    lint_as_the_suite(root, "--config", 'lint.isort.known-first-party=["data_splits", "model_adapters"]')


def test_an_entry_goes_before_the_next_name_and_an_empty_registry_gets_its_first() -> None:
    source = (ROOT / "model_adapters" / "encoders" / "__init__.py").read_text()
    added = with_entry(source, "inca", "inca").splitlines()
    at = added.index('        "inca": f"{_HERE}.inca:build",')
    assert added[at + 1].strip().startswith('"inception"') and len(added) == len(source.splitlines()) + 1
    empty = 'from a import b\n\nM: R = Registry(\n    group="model_adapters.methods",\n    entries={},\n)\n'
    first = with_entry(empty, "mine", "mine")
    assert (
        '_HERE = "model_adapters.methods"' in first and '    entries={\n        "mine": f"{_HERE}.mine:build",' in first
    )
    with pytest.raises(UserError, match="by hand"):
        with_entry("nothing here", "mine", "mine")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("My-Model", "no name for an adapter"),
        ("9lives", "no name for an adapter"),
        ("a--b", "no name for an adapter"),
        ("../evil", "no name for an adapter"),
        ("naïve", "no name for an adapter"),
        ("x" * (LONGEST + 1), "at most"),
        ("", "no name for an adapter"),
        ("lambda", "cannot be a Python module"),
        ("json", "cannot be a Python module"),
        ("rad-dino", "is taken"),
        ("raddino", "is taken"),
    ],
)
def test_odd_names_and_names_in_use_are_refused(name: str, message: str) -> None:
    taken = {*ENCODERS.names(), *ENCODERS.aliases("rad-dino")}
    with pytest.raises(UserError, match=message):
        require_name(name, taken)


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        write_adapter("mine", KINDS["generator"], tmp_path, None, set())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["test_mine.py"]
    assert (tmp_path / "test_mine.py").read_text() == "mine"


def test_this_checkout_is_one() -> None:
    assert checkout_root() == ROOT

"""Writes a new adapter, its test and its registration from the templates."""

from __future__ import annotations

import keyword
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import model_adapters
from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.scaffold.kinds import KINDS, Kind

LONGEST = 32
"""Longest name: file names, tables and the templates' lines have room for so many characters."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_IMPORT = re.compile(r"from model_adapters\.scaffold\.templates import (\w+) as my_adapter\n")
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Written:
    """What `write_adapter` did.

    Attributes:
        adapter, test: the files. registry: the file that now names the adapter, or None.
        entry_point: the lines of pyproject.toml that register it, where `registry` is None.
        test_command: how to run the test.
    """

    adapter: Path
    test: Path
    registry: Path | None
    entry_point: str | None
    test_command: str


def write_adapter(name: str, kind: Kind, output: Path | None, checkout: Path | None, taken: set[str]) -> Written:
    """Write the adapter and its test: into the suite's own places in a checkout, else into one folder.

    Args:
        name: lower case words joined by hyphens, as it will stand on a command line.
        output: the folder; None for the checkout's places, or the current folder where there is no checkout.
        checkout: root of the checkout that this package runs from, or None. taken: names and aliases in use.

    Raises:
        UserError: a name that is odd or in use, or a file that exists.
    """
    require_name(name, taken)
    module = name.replace("-", "_")
    source = _rendered((_TEMPLATES / f"{kind.name}.py").read_text("utf-8"), name)
    test = _rendered((_TEMPLATES / f"{kind.name}_test.py").read_text("utf-8"), name)
    if output is None and checkout is not None:
        adapter = checkout / "model_adapters" / kind.folder / f"{module}.py"
        tests = checkout / "tests" / "model_adapters" / kind.folder / f"test_{module}.py"
        registry = adapter.parent / "__init__.py"
        listed = with_entry(registry.read_text("utf-8"), name, module)
        _write({adapter: source, tests: _with_import(test, f"model_adapters.{kind.folder}", module), registry: listed})
        where = tests.relative_to(checkout)
        return Written(adapter, tests, registry, None, f"python -m pytest {where}")
    folder = (output or Path()).expanduser()
    adapter, tests = folder / f"{module}.py", folder / f"test_{module}.py"
    _write({adapter: source, tests: _with_import(test, None, module)})
    entry = f'[project.entry-points."{kind.group}"]\n{name} = "{module}:build"'
    return Written(adapter, tests, None, entry, f"python -m pytest {tests}")


def require_name(name: str, taken: set[str]) -> None:
    """Raise UserError for a name that is odd, in use, or no module name."""
    if not _NAME.fullmatch(name) or len(name) > LONGEST:
        raise UserError(
            f"{name!r} is no name for an adapter: lower-case letters and digits in words joined by single hyphens, "
            f"a letter first, at most {LONGEST} characters, such as my-model-2."
        )
    if name in taken:
        raise UserError(f"{name!r} is taken: `model-adapters show {name}` tells by what. Choose another name.")
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in sys.stdlib_module_names or module in ("test", "conftest"):
        raise UserError(f"{name!r} cannot be a Python module of its own. Choose another name, such as {name}-model.")


def checkout_root() -> Path | None:
    """The checkout that this package is imported from, or None where it was installed."""
    root = Path(model_adapters.__file__).resolve().parents[1]
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["name"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return None
    return root if project == "chexgenbench-suite" and (root / "tests" / "model_adapters").is_dir() else None


def with_entry(source: str, name: str, module: str) -> str:
    """A registry's source with one more line, before the first entry that sorts behind it.

    Raises:
        UserError: the file holds no `entries={` block to add to.
    """
    line = f'"{name}": f"{{_HERE}}.{module}:build",'
    if "    entries={},\n" in source:
        # A registry's first entry also brings the prefix that all of them share.
        folder = source.partition('group="')[2].partition('"')[0]
        source = source.replace("    entries={},\n", f"    entries={{\n        {line}\n    }},\n", 1)
        return source if "\n_HERE = " in source else _with_prefix(source, folder)
    start, end = source.find("    entries={\n"), -1
    if start >= 0:
        end = source.find("\n    },\n", start)
    if end < 0:
        raise UserError("The registry's file has no `entries={` block any more: add the adapter's line by hand.")
    head = source[: start + len("    entries={\n")]
    entries = source[len(head) : end].split("\n")
    place = next((at for at, each in enumerate(entries) if each.strip().split('"')[1:2] > [name]), len(entries))
    entries.insert(place, f"        {line}")
    return head + "\n".join(entries) + source[end:]


def _with_prefix(source: str, folder: str) -> str:
    imports = [at for at, line in enumerate(source.split("\n")) if line.startswith("from ")]
    at = sum(len(line) + 1 for line in source.split("\n")[: imports[-1] + 1])
    return f'{source[:at]}\n_HERE = "{folder}"\n{source[at:]}'


def _rendered(template: str, name: str) -> str:
    words = name.split("-")
    title = " ".join(words)
    for old, new in (
        ("my-adapter", name),
        ("MyAdapter", "".join(word.capitalize() for word in words)),
        ("My adapter", title[0].upper() + title[1:]),
    ):
        template = template.replace(old, new)
    return template


def _with_import(test: str, package: str | None, module: str) -> str:
    """The test with the template's import turned into the adapter's own, and imports in their order."""
    test = _IMPORT.sub("", test).replace("my_adapter", module)
    lines = test.split("\n")
    ours = [at for at, line in enumerate(lines) if line.startswith("from model_adapters.")]
    first, last = ours[0], ours[-1] + 1
    if package is None:
        return "\n".join([*lines[:last], "", f"import {module}", *lines[last:]])
    block = sorted([*lines[first:last], f"from {package} import {module}"], key=lambda line: line.split(" import ")[0])
    return "\n".join([*lines[:first], *block, *lines[last:]])


def _write(files: dict[Path, str]) -> None:
    """Write all of the files, or none where a new one exists already."""
    for path in files:
        if path.name != "__init__.py" and path.exists():
            raise UserError(f"{path} exists already. Choose another name, or another --output.")
    for path, text in files.items():
        with atomic_write(path) as stream:
            stream.write(text.encode())


def kind_of(text: str) -> Kind:
    """The kind that `--kind` names.

    Raises:
        UserError: there is none of this name.
    """
    if text not in KINDS:
        raise UserError(f"--kind is one of {', '.join(KINDS)}, not {text!r}.")
    return KINDS[text]

"""Small programs over several files: made from templates, mutated, and run."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from data_splits.mirb_procedural.item import sample
from data_splits.phantom.draws import Draws

LEAVES = (
    "def {f}(x):\n    return x * {a} + {b}\n",
    "def {f}(x):\n    return (x - {b}) * {a}\n",
    "def {f}(x):\n    if x % 2 == 0:\n        return x + {a}\n    return x - {b}\n",
    "def {f}(x):\n    if x > {a}:\n        return x - {b}\n    return x + {b}\n",
    "def {f}(x):\n    y = max(x, {a})\n    return y * 2 - {b}\n",
    "def {f}(x):\n    y = x // {a}\n    return y + x + {b}\n",
    "def {f}(x):\n    y = abs(x - {b})\n    return y * {a}\n",
)
"""Functions of one number. {f} own name, {a}, {b} constants."""

MIDDLES = (
    "from {m} import {g}\n\n\ndef {f}(values):\n    total = {a}\n    for v in values:\n        total += {g}(v)\n"
    "    return total\n",
    "from {m} import {g}\n\n\ndef {f}(values):\n    total = 0\n    for v in values:\n        if v > {a}:\n"
    "            total += {g}(v)\n        else:\n            total -= {b}\n    return total\n",
    "from {m} import {g}\n\n\ndef {f}(values):\n    kept = [{g}(v) for v in values]\n    return max(kept) - {a}\n",
    "from {m} import {g}\n\n\ndef {f}(values):\n    total = 0\n    for i in range(len(values)):\n"
    "        v = {g}(values[i])\n        total += v * (i + {a})\n    return total - {b}\n",
    "from {m} import {g}\n\n\ndef {f}(values):\n    low = {g}(min(values))\n    high = {g}(max(values))\n"
    "    return high * {a} - low\n",
)
"""Functions of a list. {m} module and {g} name of the function called."""

TOPS = (
    "from {m} import {g}\n\n\ndef {f}(values):\n    n = {g}(values)\n    steps = {b}\n    while n > {a}:\n"
    "        n -= {c}\n        steps += 1\n    return n + steps\n",
    "from {m} import {g}\n\n\ndef {f}(values):\n    first = {g}(values)\n    rest = {g}(values[{i}:])\n"
    "    return first - rest + {a}\n",
    "from {m} import {g}\n\n\ndef {f}(values):\n    moved = [v + {a} for v in values]\n    return {g}(moved) - {b}\n",
)

MAINS = {
    1: "from {m} import {g}\n\nprint({g}({a}) + {b})\n",
    2: "from {m} import {g}\n\nvalues = {values}\nprint({g}(values))\n",
    3: "from {m} import {g}\n\nvalues = {values}\nprint({g}(values) + {a})\n",
}

MODULES = ("tools", "steps", "logic", "rules", "core", "units")
FUNCTIONS = ("bend", "adjust", "merge", "shift", "weigh", "grade", "blend", "score")
SAFE = ("range", "len", "max", "min", "abs", "sum")


@dataclass(frozen=True)
class File:
    """A file as a template and its values; constants are the values that a mutation may change."""

    name: str
    template: str
    values: Mapping[str, Any]

    @property
    def source(self) -> str:
        """The text of the file."""
        return self.template.format(**self.values)

    def mutants(self) -> list[File]:
        """The same file with one constant, or one element of a list, moved by 1 or 2."""
        found = []
        for key, value in self.values.items():
            if "{" + key + "}" not in self.template:
                continue
            if isinstance(value, int):
                most = 3 if key == "i" else 99  # a slice from {i} of four values keeps one at least
                moved: list[Any] = [value + step for step in (-2, -1, 1, 2) if 0 < value + step <= most]
            elif isinstance(value, tuple):
                moved = [
                    (*value[:place], value[place] + step, *value[place + 1 :])
                    for place in range(len(value))
                    for step in (-1, 1, 2)
                ]
            else:
                continue
            found += [replace(self, values={**self.values, key: new}) for new in moved]
        return [mutant for mutant in found if mutant.source != self.source]


def program(draws: Draws, level: int) -> tuple[list[File], list[File]]:
    """Files that main.py needs, itself last, and files that it does not."""
    modules, functions = sample(draws, MODULES, 4), sample(draws, FUNCTIONS, 4)
    numbers = [{name: draws.integer(2, 6) for name in "abc"} | {"i": draws.integer(1, 2)} for _ in range(5)]
    layers = (LEAVES, MIDDLES, TOPS)[:level]
    files = []
    for depth, templates in enumerate(layers):
        values: dict[str, Any] = numbers[depth] | {"f": functions[depth]}
        if depth:
            values |= {"m": modules[depth - 1], "g": functions[depth - 1]}
        files.append(File(f"{modules[depth]}.py", draws.choice(templates), values))
    start = draws.integer(3, 9)
    values = numbers[3] | {
        "m": modules[level - 1],
        "g": functions[level - 1],
        "values": tuple(start + draws.integer(-2, 6) for _ in range(level + 1)),
    }
    files.append(File("main.py", MAINS[level], values))
    spare = []
    if level == 3:  # the function of the same name that nobody imports
        spare.append(File(f"{modules[3]}.py", draws.choice(LEAVES), numbers[4] | {"f": functions[0]}))
    return files, spare


def run(sources: Mapping[str, str]) -> str:
    """What main.py prints, stripped.

    The code is ours (templates above), so it is run by the interpreter itself, with a handful of builtins and imports
    from these sources only.

    Args:
        sources: file name -> text.

    Raises:
        ImportError: a file imports something that is not among the sources.
    """
    printed: list[str] = []
    loaded: dict[str, SimpleNamespace] = {}

    def load(name: str) -> SimpleNamespace:
        if name not in loaded:
            if f"{name}.py" not in sources:
                raise ImportError(name)
            scope: dict[str, Any] = {"__builtins__": safe}
            exec(compile(sources[f"{name}.py"], f"{name}.py", "exec"), scope)
            loaded[name] = SimpleNamespace(**{key: value for key, value in scope.items() if key != "__builtins__"})
        return loaded[name]

    safe: dict[str, Any] = {name: getattr(builtins, name) for name in SAFE}
    safe["__import__"] = lambda name, *_: load(name)
    safe["print"] = lambda *values: printed.append(" ".join(map(str, values)))
    load("main")
    return "\n".join(printed)

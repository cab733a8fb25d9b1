"""What both layouts of MIRB are read into, and lists of what is wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from data_splits.question import ColourImage
from data_splits.sources.mirb_answers import ALIASES, ANSWER_FORMS, CONCATS, TEXTS

SHOWN = 5
"""Examples that a line of problems names; the rest are counted."""


@dataclass(frozen=True)
class Row:
    """One record as it is stored.

    Attributes:
        where: for messages, for example "count.json, record 4".
        task: current task name.
        question, answer: as stored.
        images: image keys in order.
    """

    where: str
    task: str
    question: str
    answer: object
    images: tuple[str, ...]


@dataclass
class Found:
    """What a layout holds.

    Attributes:
        rows: in the order of the files.
        texts: task -> (text-only question, answer) in the order of its ablation file.
        concats: names of tiled ablation files that are there.
        problems: one line for each kind of problem in each file.
        shared: image key -> what two images have in common if they are one (path or hash).
    """

    rows: list[Row] = field(default_factory=list)
    texts: dict[str, list[tuple[str, object]]] = field(default_factory=dict)
    concats: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    shared: dict[str, str] = field(default_factory=dict)
    read_image: Callable[[str], ColourImage] | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)


def task_named(name: str) -> str | None:
    """The current name of a task, or None where MIRB has none of this name."""
    return name if name in ANSWER_FORMS else ALIASES.get(name)


def unknown_task(where: str, name: str) -> str:
    """The line about a task that MIRB does not have."""
    known = [*ANSWER_FORMS, *ALIASES, *TEXTS, *CONCATS]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(ANSWER_FORMS)}."
    return f"{where}: MIRB has no task {name!r}. {hint}"


def listed(where: str, what: str, names: Iterable[str]) -> list[str]:
    """One line "where: 7 what: a, b, c, d, e and 2 more", or none where there are no names."""
    every = list(dict.fromkeys(names))
    if not every:
        return []
    rest = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return [f"{where}: {len(every)} {what}: {', '.join(every[:SHOWN])}{rest}"]

"""From `NAME[:PATH]` to a loaded split."""

from __future__ import annotations

import difflib
import importlib
import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.question import QuestionSplit
from data_splits.sources.catalogue import QUESTION_SOURCES, SOURCES, SourceInfo
from data_splits.split import Split

__all__ = [
    "SourceInfo",
    "describe",
    "holds_questions",
    "load_questions",
    "load_split",
    "names",
    "options_of",
    "parse_option",
    "question_names",
]

TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def names() -> tuple[str, ...]:
    """Names of all sources of cases for image generators."""
    return tuple(info.name for info in SOURCES)


def question_names() -> tuple[str, ...]:
    """Names of all sources of questions about several images."""
    return tuple(info.name for info in QUESTION_SOURCES)


def holds_questions(spec: str) -> bool:
    """Whether `NAME[:PATH]` names a source of questions (rather than of cases for image generators)."""
    return _written(spec) in question_names()


def describe(name: str) -> SourceInfo:
    """What a source of either kind is and needs.

    Args:
        name: a source name, or a whole `NAME:PATH`.

    Raises:
        UserError: no such source; the message suggests the nearest name.
    """
    return _find(name, (*SOURCES, *QUESTION_SOURCES))


def load_split(spec: str, **options: Any) -> Split:
    """Load a split from its data.

    Args:
        spec: `NAME` or `NAME:PATH`, for example "phantom" or "folder:../data/cases.csv". Without a path the
            environment variable DATA_SPLITS_<NAME> is used.
        options: what the source's loader takes (`options_of`); text values are converted to the option's type.

    Raises:
        UserError: unknown name or option, missing data, or anything wrong with the files: exact and short.
    """
    if holds_questions(spec):
        raise UserError(f"{_written(spec)} holds questions about several images: ask them with `mirb eval`.")
    split: Split = _loaded(_find(spec, SOURCES), spec, options)
    return split


def load_questions(spec: str, **options: Any) -> QuestionSplit:
    """Load a split of questions about several images.

    Args:
        spec: `NAME` or `NAME:PATH`, for example "mirb-procedural" or "mirb:../data/MIR". Without a path the
            environment variable DATA_SPLITS_<NAME> is used.
        options: as for `load_split`.

    Raises:
        UserError: as for `load_split`.
    """
    if _written(spec) in names():
        raise UserError(
            f"{_written(spec)} holds no questions about several images. Take {' or '.join(question_names())}."
        )
    questions: QuestionSplit = _loaded(_find(spec, QUESTION_SOURCES), spec, options)
    return questions


def options_of(name: str) -> dict[str, Any]:
    """Option name -> default value of a source."""
    parameters = list(inspect.signature(_loader(describe(name))).parameters.values())[1:]
    return {parameter.name: parameter.default for parameter in parameters}


def parse_option(text: str) -> tuple[str, str]:
    """Split a command line's `KEY=VALUE`.

    Raises:
        UserError: there is no equals sign.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UserError(f"An option is written KEY=VALUE, not {text!r}.")
    return key.strip().replace("-", "_"), value


def _written(spec: str) -> str:
    return spec.split(":", 1)[0].strip().lower().replace("_", "-")


def _find(name: str, infos: tuple[SourceInfo, ...]) -> SourceInfo:
    wanted = _written(name)
    for info in infos:
        if info.name == wanted:
            return info
    known = [info.name for info in infos]
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.5)
    if near:
        hint = f"Did you mean {near[0]}?"
    elif Path(name).exists() and SOURCES[0] in infos:
        hint = f"For your own files write folder:{name}."
    else:
        hint = f"Known: {', '.join(known)}."
    raise UserError(f"No split is called {name.split(':', 1)[0]!r}. {hint}")


def _loaded(info: SourceInfo, spec: str, options: dict[str, Any]) -> Any:
    path = _path(info, spec)
    loader = _loader(info)
    return loader(path, **_converted(info, loader, options))


def _path(info: SourceInfo, spec: str) -> Path | None:
    given = spec.partition(":")[2].strip()
    if not info.needs and not (given and info.takes_path):
        if given:
            raise UserError(f"Split {info.name} takes no path: write --split {info.name}.")
        return None
    path = Path(given).expanduser() if given else info.configured
    if path is None:
        raise UserError(info.missing("no data was named."))
    if not path.exists():
        raise UserError(info.missing(f"{path} does not exist."))
    return path


def _loader(info: SourceInfo) -> Callable[..., Any]:
    module, _, function = info.loader.partition(":")
    loader: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return loader


def _converted(info: SourceInfo, loader: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(loader)
    known = list(inspect.signature(loader).parameters)[1:]
    converted = {}
    for key, value in options.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"It has: {', '.join(known) or 'none'}."
            raise UserError(f"Split {info.name} has no option {key!r}. {hint}")
        converted[key] = _convert(info.name, key, value, hints[key])
    return converted


def _convert(source: str, key: str, value: Any, hint: Any) -> Any:
    if not isinstance(value, str):
        return value
    kinds = typing.get_args(hint) or (hint,)
    if type(None) in kinds and value.lower() in ("", "none"):
        return None
    for kind in (kind for kind in kinds if kind is not type(None)):
        if kind is bool and value.lower() in TRUE + FALSE:
            return value.lower() in TRUE
        if kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
        if kind is Path:
            return Path(value).expanduser()
        if kind is str:
            return value
    wanted = " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds if kind is not type(None))
    raise UserError(f"Option {key} of split {source} must be {wanted}.")

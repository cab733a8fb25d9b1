"""Options that several commands of one command line share, and the checks of their values."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError

if TYPE_CHECKING:
    import typer


def takes_options(shared: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command all options of `shared` in front of its own, and hand it what `shared` makes of them.

    Args:
        shared: its parameters are the options; what it returns becomes the command's first argument.
    """
    front = inspect.signature(shared).parameters

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        first, *rest = inspect.signature(command).parameters.values()
        own = {parameter.name: parameter for parameter in rest}

        @functools.wraps(command)
        def wrapper(**values: Any) -> None:
            made = shared(**{name: values.pop(name) for name in front})
            command(made, **values)

        # Names that are imported for type checking only must not stop a command line from starting.
        unknown = {str(first.annotation): Any, str(inspect.signature(shared).return_annotation): Any}
        hints = typing.get_type_hints(command, include_extras=True, localns=unknown)
        hints |= typing.get_type_hints(shared, include_extras=True, localns=unknown)
        wrapper.__annotations__ = {name: hints[name] for name in (*front, *own)}
        found = [each.replace(annotation=hints[name]) for name, each in (*front.items(), *own.items())]
        found.sort(key=lambda each: each.default is not each.empty)  # what has no default must come first
        wrapper.__signature__ = inspect.Signature(found)  # type: ignore[attr-defined]
        return wrapper

    return decorate


def given(context: typer.Context) -> frozenset[str]:
    """The parameters of a command that were written on its command line, by their Python names."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE")


def choice(value: str, allowed: tuple[str, ...], option: str) -> str:
    """The value, if it is one of those allowed.

    Raises:
        UserError: it is not.
    """
    if value not in allowed:
        raise UserError(f"{option} is one of {', '.join(allowed)}, not {value!r}.")
    return value


def key_values(pairs: list[str] | None, option: str) -> dict[str, str]:
    """KEY=VALUE options as a dictionary.

    Raises:
        UserError: an option without "=".
    """
    found: dict[str, str] = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UserError(f"{option} takes KEY=VALUE, not {pair!r}.")
        found[key] = value
    return found


def names(text: str | None) -> tuple[str, ...] | None:
    """A comma-separated option as a tuple, or None where it was not given."""
    if text is None:
        return None
    return tuple(part.strip() for part in text.split(",") if part.strip())

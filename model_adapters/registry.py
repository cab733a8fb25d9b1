"""Names to adapters, lazily: nothing of an adapter is imported before somebody asks for it.

An adapter module holds, at top level and without importing torch,

    CARD: ModelCard                                     what it is (or `card() -> ModelCard`)
    def build(context: BuildContext) -> Adapter         makes it; heavy imports go inside
    def requirements(context) -> list[Missing]          optional: what this machine lacks to build it
    def estimate(context, images) -> Estimate | None    optional: time and memory of a run
    training_cases(context) -> frozenset[str] | None    optional: cases of the split it was trained on, if not all
    OPTIONS: dict                                       optional: what `context.options` may hold, with its defaults

A module of several checkpoints has an object for each instead of `build`: called with a context it makes the adapter,
and it holds `card`, and where they apply `options`, `requirements`, `estimate` and `training_cases`, as attributes.

An adapter is registered as "module:build" (or "module:OBJECT"), here for the ones that ship with the suite, or as an
entry point of another distribution:
`[project.entry-points."model_adapters.generators"] mine = "my_package.mine:build"`.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, Generic, TypeVar, cast

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.device import require_device
from model_adapters.options import OptionValue
from model_adapters.protocols import BuildContext
from model_adapters.requirements import Estimate, Missing

AdapterT = TypeVar("AdapterT")


class Registry(Generic[AdapterT]):
    """One kind of adapter by name.

    Args:
        kind: what an entry is called in messages, for example "generator".
        group: entry point group in which other distributions register theirs.
        entries: name -> "module:attribute" of the build function.
        aliases: other spellings -> name.
    """

    def __init__(
        self, kind: str, group: str, entries: Mapping[str, str], aliases: Mapping[str, str] | None = None
    ) -> None:
        self.kind = kind
        self.group = group
        self._entries = dict(entries)
        self._aliases = dict(aliases or {})

    @cached_property
    def targets(self) -> dict[str, str]:
        """name -> "module:attribute", entry points included. A name that ships with the suite cannot be taken over."""
        return {point.name: point.value for point in entry_points(group=self.group)} | self._entries

    def names(self) -> list[str]:
        """All names, sorted; aliases are not listed."""
        return sorted(self.targets)

    def aliases(self, name: str) -> list[str]:
        """The other spellings of a name."""
        return sorted(alias for alias, canonical in self._aliases.items() if canonical == name)

    def resolve(self, name: str) -> str:
        """The canonical name.

        Raises:
            UserError: unknown name; the message holds the nearest known ones.
        """
        name = self._aliases.get(name, name)
        if name not in self.targets:
            known = [*self.targets, *self._aliases]
            near = difflib.get_close_matches(name.lower(), known, n=2, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(self.names())}."
            raise UserError(f"No {self.kind} is called {name!r}. {hint} `model-adapters list` shows them all.")
        return name

    def card(self, name: str) -> ModelCard:
        """The static card, read without building anything."""
        module, build = self._load(name)
        if hasattr(build, "card"):
            return cast(ModelCard, build.card)
        return cast(ModelCard, module.CARD if hasattr(module, "CARD") else module.card())

    def build(self, name: str, context: BuildContext) -> AdapterT:
        """Make the adapter.

        Raises:
            UserError: no such adapter, a device that is not there, or what the adapter says.
        """
        require_device(context.device)
        _, build = self._load(name)
        return cast(AdapterT, build(context))

    def requirements(self, name: str, context: BuildContext) -> list[Missing]:
        """What this machine lacks to build the adapter; empty if nothing."""
        asked = self._facet(name, "requirements")
        return [] if asked is None else list(asked(context))

    def estimate(self, name: str, context: BuildContext, images: int) -> Estimate | None:
        """Time and memory of drawing or encoding so many images, or None where nobody knows."""
        asked = self._facet(name, "estimate")
        return None if asked is None else cast("Estimate | None", asked(context, images))

    def training_cases(self, name: str, context: BuildContext) -> frozenset[str] | None:
        """Ids of the cases of the context's split that the model was trained on; None where it was all of "train"."""
        asked = self._facet(name, "training_cases")
        return None if asked is None else cast("frozenset[str] | None", asked(context))

    def options(self, name: str) -> dict[str, OptionValue]:
        """The options that the adapter takes, with their defaults."""
        module, build = self._load(name)
        return dict(getattr(build, "options", None) or getattr(module, "OPTIONS", {}))

    def _facet(self, name: str, what: str) -> Any:
        module, build = self._load(name)
        return getattr(build, what, None) or getattr(module, what, None)

    def _load(self, name: str) -> tuple[ModuleType, Any]:
        """The adapter's module, and what makes the adapter."""
        name = self.resolve(name)
        path, _, attribute = self.targets[name].partition(":")
        try:
            module = importlib.import_module(path)
        except ModuleNotFoundError as error:
            raise UserError(
                f"The {self.kind} {name!r} cannot be loaded: Python finds no module {error.name!r}. "
                "Install the package (or the extra) that holds it."
            ) from error
        return module, getattr(module, attribute or "build")


def split_target(text: str) -> tuple[str, str | None]:
    """Split `NAME:TARGET` at its first colon; TARGET is None where there is none."""
    name, colon, target = text.partition(":")
    return name, target if colon and target else None

"""`model-adapters train NAME --help`: the help of the command, then what that method asks for.

Click answers --help before it reads NAME, so the words of the command line are kept.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class NamedHelp(TyperCommand):
    """A command whose help goes on with the inputs of the method that was named beside --help."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keeps the words for `format_help`."""
        ctx.meta[__name__] = tuple(args)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The command's own help; inputs and notes of the first word that is a method's name."""
        from model_adapters.methods import METHODS
        from model_adapters.protocols import BuildContext
        from model_adapters.train_command import tell_inputs

        super().format_help(ctx, formatter)
        named = [word for word in ctx.meta.get(__name__, ()) if word in METHODS.names()]
        if named:
            tell_inputs(METHODS.build(named[0], BuildContext()), as_json=False)

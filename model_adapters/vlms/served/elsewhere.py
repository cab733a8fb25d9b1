"""Models of the published MIRB table that `transformers` cannot run without their authors' code.

This suite never runs remote code. Such a model has a card that says what it needs; served by a program that knows it,
in an environment of its own, it is asked through the `openai` adapter.
"""

from __future__ import annotations

from collections.abc import Callable

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.protocols import BuildContext
from model_adapters.requirements import Missing
from model_adapters.vlms.openai import OpenAI

Requirements = Callable[[BuildContext], list[Missing]]
Build = Callable[[BuildContext], OpenAI]


def elsewhere_card(
    *,
    name: str,
    source: str,
    licence: str,
    parameters: int,
    memory_gb: float,
    why: str,
    server: str,
    notes: tuple[str, ...] = (),
) -> ModelCard:
    """The card of a model that runs elsewhere.

    Args:
        why: what its checkpoint needs beyond `transformers`. server: what is known to serve it.
    """
    return ModelCard(
        name=name,
        kind="vlm",
        source=source,
        licence=licence,
        verified=False,
        parameters=parameters,
        memory_gb=memory_gb,
        needs=(
            why,
            f"{server}; then --vlm openai:{source} --model-option base_url=http://127.0.0.1:8000/v1",
            f"a GPU with {memory_gb:g} GB or more",
        ),
        notes=("Remote code is never run here; a served model is asked through the openai adapter.", *notes),
    )


def elsewhere(card: ModelCard) -> tuple[Requirements, Build]:
    """`requirements` and `build` of such a model's module: what to do instead."""

    def requirements(context: BuildContext) -> list[Missing]:
        return [Missing(f"a server for {card.source} ({card.needs[0]})", card.needs[1])]

    def build(context: BuildContext) -> OpenAI:
        raise UserError(
            f"{card.name} cannot run in this process: {card.needs[0]}. Serve it and ask the server: {card.needs[1]}"
        )

    return requirements, build

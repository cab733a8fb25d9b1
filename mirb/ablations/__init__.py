"""Ablations, one file each: the same questions with something taken away, shown otherwise or moved."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from data_splits.errors import UserError
from mirb.ablations import (
    chain_of_thought,
    concatenated,
    first_image,
    image_order,
    leave_one_out,
    option_order,
    swapped,
    text_instead,
    text_only,
)
from mirb.ablations.base import Ablation

__all__ = ["ABLATIONS", "Ablation", "chosen"]

ABLATIONS: dict[str, Ablation] = {
    module.ABLATION.name: module.ABLATION
    for module in (
        *(text_only, first_image, leave_one_out, swapped),
        *(text_instead, concatenated, chain_of_thought),
        *(image_order, option_order),
    )
}


def chosen(names: Sequence[str] | None) -> tuple[Ablation, ...]:
    """The ablations of these names, all without any, in the order above.

    Raises:
        UserError: an unknown name.
    """
    for name in names or ():
        if name not in ABLATIONS:
            near = get_close_matches(name, ABLATIONS, n=1, cutoff=0.4)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(ABLATIONS)}."
            raise UserError(f"MIRB has no ablation {name!r}. {hint}")
    return tuple(each for name, each in ABLATIONS.items() if not names or name in names)

"""How finely a merge chooses: one block for the whole model, one a tensor, or blocks by name."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from data_splits.errors import UserError

Blocks = dict[str, tuple[str, ...]]
"""Block name -> names of its tensors; every tensor is in exactly one."""

WHOLE, REST = "model", "rest"


def blocks_of(names: Sequence[str], granularity: str) -> Blocks:
    """Split tensors into blocks.

    Args:
        granularity: "task" (one block), "layer" (one block a tensor), or comma-separated shell patterns such as
            "*encoder*,*decoder*": a tensor goes to the first that matches, else to a block "rest".

    Raises:
        UserError: a pattern matches nothing.
    """
    if granularity == "task":
        return {WHOLE: tuple(names)}
    if granularity == "layer":
        return {name: (name,) for name in names}
    patterns = [each.strip() for each in granularity.split(",") if each.strip()]
    found: dict[str, list[str]] = {pattern: [] for pattern in [*patterns, REST]}
    for name in names:
        found[next((pattern for pattern in patterns if fnmatchcase(name, pattern)), REST)].append(name)
    empty = [pattern for pattern in patterns if not found[pattern]]
    if empty or not patterns:
        raise UserError(
            f"granularity: no tensor matches {(empty or [granularity])[0]!r}. Use task, layer or patterns "
            "of tensor names."
        )
    return {block: tuple(members) for block, members in found.items() if members}

"""What a step moves along when it is merged by TIES or DARE instead of plain task arithmetic around the iterate.

    u = Local(s - theta),  theta <- theta + step * u

Trimming and dropping leave the hull of the pool, so there is no ledger and no guarantee: the moves are kept instead,
and `replay` makes the same model from them, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.methods.merging.blocks import Blocks
from model_adapters.methods.merging.pool import Pool
from model_adapters.methods.merging.task_vectors import dropped
from model_adapters.methods.merging.trimming import kept_count, magnitude_threshold, trimmed

if TYPE_CHECKING:
    import torch

LOCAL = ("task-arithmetic", "ties", "dare", "dare-ties")

Model = dict[str, "torch.Tensor"]


def local_update(
    pool: Pool, model: Model, blocks: Blocks, choice: Mapping[str, int], settings: Mapping[str, Any], seed: int,
    iteration: int,
) -> Model:  # fmt: skip
    """u for the chosen vertices; 0 in a block without one.

    Args:
        choice: block -> vertex. settings: local, density (TIES), drop (DARE).

    Raises:
        UserError: an unknown local merge.
    """
    import torch

    kind = settings["local"]
    if kind not in LOCAL:
        raise UserError(f"local is {kind!r}; it is one of {', '.join(LOCAL)}.")
    update = {name: torch.zeros_like(tensor) for name, tensor in model.items()}
    for block, index in choice.items():
        for name in blocks[block]:
            part = pool.read(index, name) - model[name]
            update[name] = dropped(part, settings["drop"], seed, f"{iteration}/{name}") if "dare" in kind else part
    if "ties" in kind:
        # One vector has no signs to elect between: TIES of it is the trim of the whole vector.
        keep = kept_count(pool.parameters, settings["density"])
        threshold = magnitude_threshold(lambda: update.values(), keep)
        update = {name: trimmed(part, threshold) for name, part in update.items()}
    return update


def moved(model: Model, update: Model, step: float) -> Model:
    """theta + step * u."""
    return {name: tensor + step * update[name] for name, tensor in model.items()}


def replay(
    pool: Pool, start: Model, blocks: Blocks, moves: Sequence[Mapping[str, Any]], settings: Mapping[str, Any], seed: int
) -> Model:
    """The model that moves lead to.

    Args:
        moves: in order, each with "iteration", "step" and "vertices" (block -> label).
    """
    model = start
    for move in moves:
        choice = {block: pool.index(label) for block, label in move["vertices"].items()}
        update = local_update(pool, model, blocks, choice, settings, seed, move["iteration"])
        model = moved(model, update, move["step"])
    return model


def write_model(path: Path, model: Model) -> None:
    """Put an iterate safely on disk."""
    from safetensors.torch import save

    with atomic_write(path) as stream:
        stream.write(save({name: tensor.contiguous() for name, tensor in model.items()}))


def read_model(path: Path) -> Model:
    """An iterate back."""
    from safetensors.torch import load

    model: Model = load(path.read_bytes())
    return model

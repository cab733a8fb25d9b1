"""Candidates that are fixed before the examples are seen: draws of the diffusion model, or a control in their place.

diffusion  draws of the model of adapters (STEEL)
gaussian   draws of independent normal numbers with the zoo's mean and deviation of every entry (control)
zoo        the adapters of the zoo themselves, in an order of the seed (control)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data_splits.errors import UserError
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.certificates.course import Stage
from model_adapters.methods.steel.diffusion import Diffusion, draw_block
from model_adapters.methods.steel.vectors import Moments, VectorFile

if TYPE_CHECKING:
    import torch

KINDS = ("diffusion", "gaussian", "zoo")

BLOCK = 250
"""Draws made together. Always whole blocks, so that the first M of a longer list are the list of M."""


def block_count(count: int) -> int:
    """How many steps the drawing takes."""
    return -(-count // BLOCK)


def write_candidates(
    kind: str, count: int, zoo: VectorFile, scale: Moments, network: torch.nn.Module | None, how: Diffusion,
    file: VectorFile, stage: Stage,
) -> None:  # fmt: skip
    """Write `count` candidates to the file, block by block; blocks that lie there are kept.

    Raises:
        UserError: more of the zoo than it has.
    """
    if kind == "zoo" and count > len(zoo):
        raise UserError(f"The zoo has {len(zoo)} adapters; {count} candidates were asked for.")
    order = np.random.default_rng(derive_seed(how.seed, "zoo", purpose="steel")).permutation(len(zoo))
    for block in range(min(len(file) // BLOCK, block_count(count)), block_count(count)):
        first = block * BLOCK
        here = min(BLOCK, count - first)
        if len(file) >= first + here:
            continue
        if kind == "zoo":
            rows = zoo.picked(order[first : first + here])
        elif kind == "gaussian":
            rng = np.random.default_rng(derive_seed(how.seed, "gaussian", block, purpose="steel"))
            rows = scale.restored(rng.standard_normal((BLOCK, zoo.width))[:here])
        else:
            assert network is not None
            rows = scale.restored(draw_block(network, zoo.width, BLOCK, block, how)[:here])
        file.write(first, rows)
        stage.tell(block + 1)

"""What a generator loses on prompted images before anything is learnt; computed once, shared by all rules of a seed.

Layout of the cache: `denoising/<hash of all that it depends on>.safetensors`, `SHARD` cases each.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data_splits.cli_support import progress_lines
from data_splits.integrity import atomic_write, content_hash, sha256_bytes
from model_adapters.inference.feature_store import cache_folder
from model_adapters.methods.bads.denoiser import FIRST, LAST

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.bads.denoiser import Denoiser, Draws
    from model_adapters.methods.capacity_control.cases import Texts

SHARD = 16


def base_losses(
    denoiser: Denoiser, draws: Draws, texts: Texts, latents: Tensor, prompts: Sequence[str], ids: Sequence[str],
    what: str, folder: Path | None = None,
) -> Tensor:  # fmt: skip
    """float32[2, n, K]: mean square error of the base in each draw, told the prompt and told nothing.

    Args:
        what: for the progress line. folder: of the cache; the user's where None.
    """
    import torch
    from safetensors.numpy import load_file, save

    located = denoiser.base.located
    key = [located.weights_hash(), draws.seed, draws.count, FIRST, LAST]
    tell = progress_lines(f"{what}: losses of the base")
    found = []
    for first in range(0, len(ids), SHARD):
        rows = slice(first, first + SHARD)
        clean = latents[rows]
        held = [sha256_bytes(np.ascontiguousarray(clean.numpy()).tobytes()), list(prompts[rows]), list(ids[rows])]
        path = (folder or cache_folder()) / "denoising" / f"{content_hash([*key, *held])[:40]}.safetensors"
        if not path.is_file():
            table = _shard(denoiser, draws, texts, clean, prompts[rows], ids[rows])
            with atomic_write(path) as stream:
                stream.write(save({"errors": np.ascontiguousarray(table.numpy())}))
        found.append(torch.from_numpy(load_file(path)["errors"]))
        tell(min(first + SHARD, len(ids)), len(ids))
    return torch.cat(found, 1)


def _shard(
    denoiser: Denoiser, draws: Draws, texts: Texts, clean: Tensor, prompts: Sequence[str], ids: Sequence[str]
) -> Tensor:
    import torch

    table = torch.empty(2, len(ids), draws.count)
    with torch.no_grad():
        for side, told in enumerate((list(prompts), [""] * len(ids))):
            condition = texts(told)
            for k in range(draws.count):
                noise, level = draws(ids, [k] * len(ids))
                table[side, :, k] = denoiser.errors(None, clean, condition, noise, level)
    return table

"""The transformer blocks of a denoiser in a fixed order, and masks over them: one bit a block, none left out.

The published masks have 13 bits for Stable Diffusion's U-Net (6 down, 1 middle, 6 up), so that the third block of each
up stage can never be masked; here every block has its bit: 16 for that U-Net (6, 1, 9).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_splits.errors import UserError

STAGES = ("down_blocks", "mid_block", "up_blocks")


def blocks_of(network: Any) -> tuple[str, ...]:
    """Module names of the transformer blocks: a U-Net's from down to middle to up, a transformer's from first to last.

    In a U-Net a block is what `attentions` holds (projections, norm and attention layers together).
    """
    names = [name for name, _ in network.named_modules()]
    staged: list[str] = []
    for stage in STAGES:
        found = [n for n in names if n.startswith(stage) and n.split(".")[-2:-1] == ["attentions"]]
        staged += sorted(found, key=_numbers)
    if staged:
        return tuple(staged)
    return tuple(sorted((n for n in names if n.startswith("transformer_blocks.") and n.count(".") == 1), key=_numbers))


def blocks(base: str | Path) -> tuple[str, ...]:
    """The blocks of a base in the order of a mask's bits, read from its configuration alone, without weights.

    Args:
        base: as the method's input: "embedded", a diffusers folder or a cached hub id.

    Raises:
        UserError: no such base, or one that cannot be fine-tuned here.
    """
    import diffusers
    import torch

    from model_adapters.generators.diffusers_checkpoint import quiet
    from model_adapters.methods.capacity_control.base import locate_base

    quiet()
    located = locate_base(str(base))
    config: Mapping[str, Any] = json.loads((located.folder / located.part / "config.json").read_text("utf-8"))
    kind = getattr(diffusers, config["_class_name"])
    with torch.device("meta"):
        return blocks_of(kind.from_config(dict(config)))


def read_mask(value: Any, names: tuple[str, ...]) -> tuple[bool, ...] | None:
    """A mask from a text of 0 and 1 (or a list of them); None where there is none.

    Raises:
        UserError: other characters, or not one bit a block.
    """
    if value is None or value == "":
        return None
    bits = [str(int(each)) if isinstance(each, bool | int) else str(each) for each in _listed(value)]
    if any(bit not in "01" or not bit for bit in bits):
        raise UserError(f'mask is {value!r}; it is a text of 0 and 1, one for each of {len(names)} blocks: "1101".')
    if len(bits) != len(names):
        raise UserError(f"mask has {len(bits)} bits; this model has {len(names)} blocks: {', '.join(names)}.")
    return tuple(bit == "1" for bit in bits)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else list(str(value).strip())


class Allowed:
    """Whether a module or parameter may be trained: by its block's bit, and outside of blocks by `outside`.

    Args:
        names: the blocks. mask: a bit for each, None allows everything. outside: for what lies in no block.
    """

    def __init__(self, names: tuple[str, ...], mask: tuple[bool, ...] | None, outside: bool) -> None:
        self.names, self.mask, self.outside = names, mask, outside

    def __call__(self, name: str) -> bool:
        if self.mask is None:
            return True
        for block, bit in zip(self.names, self.mask, strict=True):
            if name == block or name.startswith(block + "."):
                return bit
        return self.outside


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split(".") if part.isdigit())

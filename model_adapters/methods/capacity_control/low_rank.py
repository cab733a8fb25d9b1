"""LoRA, LoHa, LoKr and OFT through `peft`, on the linear layers of attention; folded into them at the end.

The first values come from a seed of their own: `peft` would draw them from the global random state.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn

from data_splits.errors import UserError

KINDS = ("lora", "loha", "lokr", "oft")

OFT_BLOCK = 32
"""Side of OFT's orthogonal blocks (the default of `peft`), or the nearest divisor of a layer's width."""


def targets_of(network: nn.Module) -> list[str]:
    """Linear layers inside attention: queries, keys, values and outputs, of text as of image."""
    inside = [name for name, module in network.named_modules() if type(module).__name__.endswith("Attention")]
    return [
        name
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear) and any(name.startswith(each + ".") for each in inside)
    ]


def inject(network: nn.Module, kind: str, targets: list[str], rank: int, seed: int) -> dict[str, nn.Parameter]:
    """Put adapters into the network; name -> trainable parameter.

    Raises:
        UserError: `peft` is not installed.
    """
    try:
        import peft
    except ImportError:
        raise UserError(
            f'{kind} needs the package peft: pip install "chexgenbench-suite[lora]". bias, svdiff, difffit do not.'
        ) from None
    made: Any = {
        "lora": lambda: peft.LoraConfig(r=rank, lora_alpha=rank, target_modules=targets),
        "loha": lambda: peft.LoHaConfig(r=rank, alpha=rank, target_modules=targets),
        "lokr": lambda: peft.LoKrConfig(r=rank, alpha=rank, target_modules=targets),
        # The exact Cayley transform: peft's default is a truncated series, of which the merged weight is not the limit.
        "oft": lambda: peft.OFTConfig(r=0, oft_block_size=OFT_BLOCK, target_modules=targets, use_cayley_neumann=False),
    }[kind]()
    before = {name for name, _ in network.named_parameters()}
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OFT tells that it adjusts its block size
        torch.random.default_generator.manual_seed(seed)  # of the CPU alone: layers are made there
        peft.inject_adapter_in_model(made, network)
    layers = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    assert not before & layers.keys()
    return layers


def fold(network: Any) -> None:
    """Merge all adapters into the layers they stand on, and take them out."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, module in list(network.named_modules()):
        if isinstance(module, BaseTunerLayer):
            module.merge()
            parent, _, leaf = name.rpartition(".")
            setattr(network.get_submodule(parent), leaf, module.get_base_layer())
    if hasattr(network, "peft_config"):
        del network.peft_config

"""Low-rank adapters in the language part of a vision-language model."""

from __future__ import annotations

import math
from typing import Any

ADAPTER = "default"
EYES = ("vision", "visual", "image_encoder", "img_processor")
"""Parts of module names that belong to the vision tower."""


def add_adapters(network: Any, rank: int, alpha: int) -> dict[str, Any]:
    """Put adapters into every linear layer outside the vision tower and the output layer; freeze everything else.

    Returns:
        name -> adapter parameter (float32), sorted by name: the only parameters that learn.
    """
    import torch
    from peft import LoraConfig, inject_adapter_in_model

    chosen = [
        name
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear)
        and not any(part in name.lower() for part in EYES)
        and not name.endswith("lm_head")
    ]
    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, bias="none", target_modules=chosen)
    with torch.random.fork_rng(devices=[]):
        inject_adapter_in_model(config, network, ADAPTER)
    found = {}
    for name, parameter in network.named_parameters():
        mine = f".{ADAPTER}." in name and "lora_" in name
        parameter.requires_grad_(mine)
        if mine:
            parameter.data = parameter.data.float()
            found[name] = parameter
    return dict(sorted(found.items()))


def reset(adapters: dict[str, Any], seed: int) -> None:
    """Draw A (Kaiming uniform, as peft does) from the seed and set B to 0: the model is the base again."""
    import torch

    generator = torch.Generator().manual_seed(seed % 2**63)
    with torch.no_grad():
        for name, parameter in adapters.items():
            if "lora_A" in name:
                bound = 1.0 / math.sqrt(parameter.shape[1])
                fresh = torch.empty(parameter.shape).uniform_(-bound, bound, generator=generator)
                parameter.copy_(fresh.to(parameter.device))
            else:
                parameter.zero_()

"""AdaLoRA (Zhang et al. 2023) by peft, on one client: ranks are dropped while it trains.

As in FedP2EFT's comparison: 1.5 r ranks at first, r at the end, a budget step every step between the first 10 % and the
last 30 %, orthogonality 0.1, learning rate 1e-3 (ten times that of LoRA). peft allocates nothing unless it is told to
after every step, which users of it often miss: it is told.
"""

from __future__ import annotations

import math
import re
import warnings
from typing import Any

import torch

from data_splits.errors import UserError
from model_adapters.methods.fedp2eft.bayestune_lora import Adapters
from model_adapters.methods.fedp2eft.clients import Client, count
from model_adapters.methods.fedp2eft.local_training import order_seed, require_finite
from model_adapters.methods.fedp2eft.model import Model, batches
from model_adapters.methods.fedp2eft.settings import Settings

RATE_FACTOR = 10.0
ORTHOGONALITY = 0.1


def train_ada_lora(model: Model, adapters: Adapters, client: Client, rank: int, settings: Settings, seed: int) -> None:
    """Train, and leave the result as an adapter of ours (singular values folded into A).

    Raises:
        UserError: peft is not installed, or there are too few steps to allocate in.
    """
    try:
        from peft import AdaLoraConfig, get_peft_model
    except ImportError as error:
        raise UserError("The control ada-lora needs peft: pip install 'peft>=0.14' (extra `lora`).") from error
    adapters.reset(torch.zeros(adapters.size, dtype=torch.bool))
    steps = settings.epochs * math.ceil(count(client.train) / settings.batch)
    first, last = round(0.1 * steps), round(0.3 * steps)
    if steps - last <= first:
        raise UserError(f"ada-lora cannot allocate in {steps} steps. Raise epochs, or lower batch.")
    scale = settings.alpha / settings.max_rank
    config = AdaLoraConfig(
        init_r=max(rank + 1, math.ceil(1.5 * rank)), target_r=rank, lora_alpha=round(rank * scale),
        tinit=first, tfinal=last, deltaT=1, orth_reg_weight=ORTHOGONALITY, total_step=steps,
        target_modules="|".join(re.escape(f"{name}.base") for name in adapters.modules),
    )  # fmt: skip
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        torch.manual_seed(adapters.seed % 2**63)  # peft draws A and B from the global state
        wrapped: Any = get_peft_model(model.network, config)
    layers: dict[str, Any] = {
        name.removesuffix(".base").removeprefix("base_model.model."): module
        for name, module in wrapped.named_modules()
        if hasattr(module, "lora_E")
    }
    learnt = [weight for weight in wrapped.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=RATE_FACTOR * settings.rate, weight_decay=0.0)
    model.network.train()
    rows_of = batches(count(client.train), settings.batch, settings.epochs, order_seed(seed, client))
    for step, rows in enumerate(rows_of, start=1):
        optimiser.zero_grad()
        loss = model.mean_loss(client.train, rows) + ORTHOGONALITY * _apart(layers)
        require_finite(loss, client)
        loss.backward()
        optimiser.step()
        wrapped.base_model.update_and_allocate(step)
    found = {name: _plain(module) for name, module in layers.items()}
    wrapped.unload()
    for name, (down, up) in found.items():
        adapters.modules[name].load(down / adapters.modules[name].scale, up)


def _apart(layers: dict[str, Any]) -> torch.Tensor:
    """Mean over matrices P of |P P' - I| (Frobenius): A by rows, B by columns."""
    total, number = torch.zeros(()), 0
    for module in layers.values():
        down, up = module.lora_A["default"], module.lora_B["default"].T
        for matrix in (down, up):
            total = total + (matrix @ matrix.T - torch.eye(len(matrix))).norm()
            number += 1
    return total / number


def _plain(module: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """A and B of the ranks that are left, every factor of peft's forward pass folded into A."""
    values = module.lora_E["default"].detach()
    left = values[:, 0] != 0
    factor = module.scaling["default"] / (float(module.ranknum["default"]) + 1e-5)
    down = (module.lora_A["default"].detach() * values)[left] * factor
    return down, module.lora_B["default"].detach()[:, left]

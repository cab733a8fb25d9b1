"""What happens on a client: learning its scales in a round, and its adapter under a budget afterwards."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from data_splits.errors import UserError
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.fedp2eft.bayestune_lora import LAMBDA_HIGH, LAMBDA_LOW, Adapters
from model_adapters.methods.fedp2eft.clients import Client, count
from model_adapters.methods.fedp2eft.model import Model, batches
from model_adapters.methods.fedp2eft.prior import penalty
from model_adapters.methods.fedp2eft.settings import Settings

EMPTY_SCALE = 1e-4
"""Lambda at the start where no generator says otherwise."""


def learn_scales(
    model: Model, adapters: Adapters, client: Client, start: torch.Tensor, settings: Settings, seed: int
) -> torch.Tensor:
    """Stage 1 of a round, and BayesTune-LoRA on its own: A, B and lambda together, from a fresh adapter.

    Args:
        start: float[size], lambda at the start. seed: of the order of examples.

    Returns:
        float[size]: lambda at the end, in the allowed range.
    """
    adapters.reset(scales=start)
    optimiser = torch.optim.AdamW(
        [
            {"params": list(adapters.weights()), "lr": settings.rate},
            {"params": list(adapters.scale_parameters()), "lr": settings.scale_rate},
        ],
        weight_decay=0.0,
    )
    examples = count(client.train)
    model.network.train()
    for rows in batches(examples, settings.batch, settings.epochs, order_seed(seed, client)):
        optimiser.zero_grad()
        loss = model.mean_loss(client.train, rows) + penalty(adapters, examples, settings.sparsity, settings.normaliser)
        require_finite(loss, client)
        loss.backward()
        optimiser.step()
    return adapters.scales().clamp(LAMBDA_LOW, LAMBDA_HIGH)


def fine_tune(
    model: Model, adapters: Adapters, client: Client, keep: torch.Tensor, scales: torch.Tensor, settings: Settings,
    seed: int, rate: float | None = None, learn: bool = False, rates: torch.Tensor | None = None,
) -> None:  # fmt: skip
    """A client's adapter with the ranks of a mask, from a fresh start; A and B learn, lambda stays.

    Args:
        keep: bool[size]. scales: float[size]. rate: in place of the settings'. learn: lambda learns as well.
        rates: float[2 x layers], of A and B of every layer instead; every layer keeps a rank then.
    """
    adapters.reset(keep, scales)
    weights = list(adapters.weights())
    if not weights:
        return
    each = rates.tolist() if rates is not None else [rate or settings.rate] * len(weights)
    groups = [{"params": [weight], "lr": own} for weight, own in zip(weights, each, strict=True)]
    if learn:
        groups.append({"params": list(adapters.scale_parameters()), "lr": settings.scale_rate})
    _train(model, client, torch.optim.AdamW(groups, weight_decay=0.0), settings, seed)


def train_weights(
    model: Model, client: Client, weights: Iterable[torch.nn.Parameter], settings: Settings, seed: int
) -> None:
    """Any weights of the network on a client's examples, by AdamW at the settings' rate."""
    _train(model, client, torch.optim.AdamW(weights, lr=settings.rate, weight_decay=0.0), settings, seed)


def order_seed(seed: int, client: Client) -> int:
    """Of the order of a client's examples."""
    return derive_seed(seed, client.name, purpose="fedp2eft-order")


def require_finite(loss: torch.Tensor, client: Client) -> None:
    """Raise UserError for a loss that is no number."""
    if not bool(torch.isfinite(loss)):
        raise UserError(f"The loss of client {client.name} is {float(loss)}. Lower rate, or look for NaN in its data.")


def _train(model: Model, client: Client, optimiser: torch.optim.Optimizer, settings: Settings, seed: int) -> None:
    model.network.train()
    for rows in batches(count(client.train), settings.batch, settings.epochs, order_seed(seed, client)):
        optimiser.zero_grad()
        loss = model.mean_loss(client.train, rows)
        require_finite(loss, client)
        loss.backward()
        optimiser.step()

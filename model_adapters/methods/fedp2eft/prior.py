"""The prior of BayesTune-LoRA: Laplace on the columns of B with scale lambda, Gamma(0.01, rate 100) on lambda."""

from __future__ import annotations

import math

import torch

from model_adapters.methods.fedp2eft.bayestune_lora import Adapters, clamped

RATE = 100.0
"""Rate of the Gamma prior on lambda (BayesTune, NeurIPS 2023)."""


def penalty(adapters: Adapters, examples: int, sparsity: float, normaliser: float) -> torch.Tensor:
    """What is added to the mean task loss of a client, in nats per example.

    (a_s / N) sum |B_k|_1 / lambda_k + (a_p / N) sum (log lambda_k + 100 lambda_k), over layers and ranks k. The first
    term is minus the log Laplace density of B about its start, 0; the second its normaliser and the Gamma prior. The
    exact factor of log lambda is 1.99; the authors' code has 1, and so have we.

    Args:
        examples: N. sparsity: a_s. normaliser: a_p.
    """
    total = torch.zeros(())
    for module in adapters.modules.values():
        scales = clamped(module.scales)
        total = total + sparsity * (module.up.abs().sum(dim=0) / scales).sum()
        total = total + normaliser * (scales.log() + RATE * scales).sum()
    return total / examples


def equilibrium(column: float, sparsity: float, normaliser: float) -> float:
    """The lambda that minimises the penalty of one rank whose column of B has L1 norm `column`.

    (-1 + sqrt(1 + 400 (a_s / a_p) S)) / 200: well above 1 at the published a_s = 100, a_p = 0.01, where it acts as a
    gain on the adapter. So the control `rank-only`, which keeps the mask and sets lambda to 1, is not optional.
    """
    return (-1.0 + math.sqrt(1.0 + 4.0 * RATE * sparsity / normaliser * column)) / (2.0 * RATE)

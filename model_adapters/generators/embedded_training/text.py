"""Stage: warm up the text encoder by reading the truth out of the prompt, before it has to steer pictures.

The pooling head trained here is the UNet's own `add_embedding`, so the denoiser starts with a text vector in which the
findings are already laid out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn

from model_adapters.generators.embedded_training.loop import Say, Shard, Trainer
from model_adapters.generators.embedded_training.networks import Network
from model_adapters.generators.embedded_training.plan import Plan

Tokens = Callable[[torch.Generator, Tensor], Tensor]
"""(rng, study indices [n]) -> token ids int64 [n, length]: a wording of each study's prompt."""


class Reader(nn.Module):
    """Pooled prompt -> truths, a linear map that is thrown away after the warm-up."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, outputs)

    def forward(self, pooled: Tensor) -> Tensor:
        """[n, width] -> [n, outputs]."""
        return self.linear(pooled)


def train_text(
    encoder: Network,
    pool: nn.Module,
    reader: Reader,
    tokens: Tokens,
    truths: Tensor,
    plan: Plan,
    trainer: Trainer,
    say: Say,
) -> dict[str, float]:
    """Regress the standardised truths float32 [n, k] on the prompt."""
    scale = truths.std(0).clamp_min(0.05)
    target = (truths - truths.mean(0)) / scale

    def part(ids: Tensor, wanted: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        states = encoder(ids).last_hidden_state
        return (reader(pool(states)) - wanted).square().mean(), {}

    def shards_of(rng: torch.Generator) -> list[Shard]:
        pick = torch.randint(len(target), (plan.text_batch,), generator=rng)
        return [partial(part, i, t) for i, t in zip(tokens(rng, pick).chunk(2), target[pick].chunk(2), strict=True)]

    return trainer.run(shards_of, plan.text_steps, plan.text_lr, plan.seed, say)

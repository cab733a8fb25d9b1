"""Stage: the denoiser, by v-prediction on the cached latents, jointly with the text encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from model_adapters.generators.embedded_training.loop import Say, Shard, Trainer
from model_adapters.generators.embedded_training.networks import NOISE, TRAIN_TIMESTEPS, Network
from model_adapters.generators.embedded_training.plan import Plan
from model_adapters.generators.embedded_training.text import Tokens


def train_diffusion(
    unet: Network,
    encoder: Network,
    latents: Tensor,
    tokens: Tokens,
    empty: Tensor,
    plan: Plan,
    trainer: Trainer,
    say: Say,
    on_save: Callable[[], None] | None = None,
) -> dict[str, float]:
    """Train.

    Args:
        latents: float32 [n, c, h, w], already scaled to deviation 1.
        tokens: wordings of the studies' prompts.
        empty: token ids int64 [length] of the empty prompt, which replaces a share of the prompts.
        on_save: called whenever the state was written.
    """
    from diffusers import DDPMScheduler

    scheduler: Network = DDPMScheduler(**NOISE)

    def part(noisy: Tensor, times: Tensor, ids: Tensor, wanted: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        error = (unet(noisy, times, encoder(ids).last_hidden_state).sample - wanted).square().mean((1, 2, 3))
        return error.mean(), {"noisiest": float(error.detach()[-len(error) // 4 :].mean())}

    def shards_of(rng: torch.Generator) -> list[Shard]:
        n = plan.diffusion_batch
        pick = torch.randint(len(latents), (n,), generator=rng)
        ids = tokens(rng, pick)
        ids[torch.rand(n, generator=rng) < plan.dropout_prompt] = empty
        clean = latents[pick]
        noise = torch.randn(clean.shape, generator=rng)
        # one time per slice of the range: the same mean as independent times, with less variance
        times = ((torch.arange(n) + torch.rand(n, generator=rng)) / n * TRAIN_TIMESTEPS).long()
        noisy = scheduler.add_noise(clean, noise, times)
        wanted = scheduler.get_velocity(clean, noise, times)
        cuts = [slice(i, None, 2) for i in range(2)]
        return [partial(part, noisy[c], times[c], ids[c], wanted[c]) for c in cuts]

    return trainer.run(shards_of, plan.diffusion_steps, plan.diffusion_lr, plan.seed, say, hold=0.6, on_save=on_save)

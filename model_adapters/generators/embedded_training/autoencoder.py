"""Stage: the autoencoder, by L1 on pixels and on finite differences at three scales."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model_adapters.generators.embedded_training.loop import Say, Shard, Trainer
from model_adapters.generators.embedded_training.networks import Network
from model_adapters.generators.embedded_training.plan import Plan


def to_network(images: NDArray[np.uint8]) -> Tensor:
    """uint8 [n, s, s] -> float32 [n, 1, s, s] in [-1, 1]."""
    return torch.from_numpy(images).float().div_(127.5).sub_(1)[:, None]


def edges(a: Tensor, b: Tensor, scales: int = 3) -> Tensor:
    """Mean L1 between horizontal and vertical differences of two pictures, summed over halved scales."""
    total = torch.zeros(())
    d = a - b
    for scale in range(scales):
        if scale:
            d = functional.avg_pool2d(d, 2)
        total = total + (d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()
    return total


def crops(images: NDArray[np.uint8], plan: Plan, rng: torch.Generator) -> Tensor:
    """A batch of square cut-outs [n, 1, crop, crop] on the latent grid: many pictures for the price of a few."""
    n = plan.autoencoder_batch
    pick = torch.randint(len(images), (n,), generator=rng).tolist()
    top, left = (8 * torch.randint((plan.size - plan.crop) // 8 + 1, (2, n), generator=rng)).tolist()
    cut = [images[i, y : y + plan.crop, x : x + plan.crop] for i, y, x in zip(pick, top, left, strict=True)]
    return to_network(np.stack(cut))


def train_autoencoder(
    model: Network, images: NDArray[np.uint8], plan: Plan, trainer: Trainer, say: Say, first: bool = True
) -> dict[str, float]:
    """Train; the latents are kept near mean 0 and deviation 1 per channel, and noised before the decoder.

    Args:
        first: the first cycle of the learning rate; False is the second one, "refine".
    """

    def part(real: Tensor, noise: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        latent = model.encoder(real)
        drawn = model.decoder(latent + plan.latent_noise * noise)
        pixel = (drawn - real).abs().mean()
        mean, deviation = latent.mean((0, 2, 3)), latent.std((0, 2, 3))
        tidy = mean.square().mean() + (deviation - 1).square().mean()
        return pixel + edges(drawn, real) + 0.05 * tidy, {"l1": float(pixel.detach()), "tidy": float(tidy.detach())}

    def shards_of(rng: torch.Generator) -> list[Shard]:
        real = crops(images, plan, rng)
        grid = plan.crop // 8
        noise = torch.randn((len(real), plan.latent_channels, grid, grid), generator=rng)
        return [partial(part, r, e) for r, e in zip(real.chunk(2), noise.chunk(2), strict=True)]

    steps, peak = (plan.autoencoder_steps, plan.autoencoder_lr) if first else (plan.refine_steps, plan.refine_lr)
    return trainer.run(shards_of, steps, peak, plan.seed, say)


@torch.no_grad()
def encode(model: Network, images: NDArray[np.uint8], batch: int = 64) -> Tensor:
    """uint8 [n, s, s] -> latents float32 [n, c, s/8, s/8]."""
    return torch.cat([model.encoder(to_network(images[i : i + batch])) for i in range(0, len(images), batch)])


@torch.no_grad()
def decode(model: Network, latents: Tensor, batch: int = 64) -> NDArray[np.uint8]:
    """Latents -> uint8 [n, s, s]."""
    parts = [model.decoder(latents[i : i + batch])[:, 0] for i in range(0, len(latents), batch)]
    return torch.cat(parts).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).numpy()


def polish_decoder(
    model: Network, images: NDArray[np.uint8], latents: Tensor, plan: Plan, trainer: Trainer, say: Say
) -> dict[str, float]:
    """Train the decoder alone on the cached latents float32 [n, c, s/8, s/8] (the denoiser has learnt those by now)."""

    def part(latent: Tensor, real: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        drawn = model.decoder(latent)
        pixel = (drawn - real).abs().mean()
        return pixel + edges(drawn, real), {"l1": float(pixel.detach())}

    def shards_of(rng: torch.Generator) -> list[Shard]:
        pick = torch.randint(len(images), (plan.polish_batch,), generator=rng)
        latent = latents[pick]
        latent = latent + plan.latent_noise * torch.randn(latent.shape, generator=rng)
        real = to_network(images[pick.numpy()])
        return [partial(part, z, r) for z, r in zip(latent.chunk(2), real.chunk(2), strict=True)]

    return trainer.run(shards_of, plan.polish_steps, plan.polish_lr, plan.seed, say)

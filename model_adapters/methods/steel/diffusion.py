"""An unconditional diffusion model of standardised adapter vectors: DDPM (Ho et al. 2020) with a small MLP.

Noise schedule and update are those of `diffusers` (DDPMScheduler; squared cosine betas, no clipping). Network, width
and schedule of STEEL are not public: these are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_splits.integrity import atomic_write
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.certificates.course import Stage
from model_adapters.methods.steel.vectors import Moments, VectorFile

if TYPE_CHECKING:
    import torch

TIME_WIDTH = 32
"""Half the number of sines and cosines that tell the network the step."""


@dataclass(frozen=True)
class Diffusion:
    """How to train and draw.

    Attributes:
        noise_steps: of the diffusion. train_steps, batch, rate: of Adam. width: of the hidden layers.
        save_every: training steps between two states on disk. seed: the only source of randomness.
    """

    noise_steps: int
    train_steps: int
    batch: int
    rate: float
    width: int
    save_every: int
    seed: int

    @property
    def stage_steps(self) -> int:
        """Steps that training reports."""
        return -(-self.train_steps // self.save_every)

    def scheduler(self) -> Any:
        """The noise schedule."""
        from diffusers import DDPMScheduler

        return DDPMScheduler(num_train_timesteps=self.noise_steps, beta_schedule="squaredcos_cap_v2", clip_sample=False)


def denoiser(size: int, how: Diffusion) -> torch.nn.Module:
    """An MLP of three hidden layers that predicts the noise of (vectors, steps); weights follow from the seed."""
    import torch

    class Denoiser(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.enter = torch.nn.Linear(size, how.width)
            self.time = torch.nn.Linear(2 * TIME_WIDTH, how.width)
            self.inner = torch.nn.ModuleList(torch.nn.Linear(how.width, how.width) for _ in range(2))
            self.leave = torch.nn.Linear(how.width, size)

        def forward(self, x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
            silu = torch.nn.functional.silu
            rates = torch.exp(-math.log(1e4) * torch.arange(TIME_WIDTH) / TIME_WIDTH)
            angle = step[:, None].float() * rates
            hidden = silu(self.enter(x) + self.time(torch.cat([angle.sin(), angle.cos()], dim=-1)))
            for layer in self.inner:
                hidden = hidden + silu(layer(hidden))
            return self.leave(hidden)

    network = Denoiser()
    draws = torch.Generator().manual_seed(derive_seed(how.seed, "denoiser", purpose="steel"))
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.Linear):
                limit = 1 / math.sqrt(module.in_features)
                module.weight.uniform_(-limit, limit, generator=draws)
                module.bias.uniform_(-limit, limit, generator=draws)
    return network


def train_diffusion(zoo: VectorFile, scale: Moments, how: Diffusion, folder: Path, stage: Stage) -> torch.nn.Module:
    """Minimise |noise - predicted|^2; what is drawn follows from (seed, training step), so it resumes exactly."""
    import torch

    network, schedule = denoiser(zoo.width, how), how.scheduler()
    parameters: Named = dict(network.named_parameters())
    mean = {name: torch.zeros_like(each) for name, each in parameters.items()}
    square = {name: torch.zeros_like(each) for name, each in parameters.items()}
    done = _restore(folder / "diffusion.safetensors", parameters, mean, square)
    count = len(zoo)
    while done < how.train_steps:
        draws = torch.Generator().manual_seed(derive_seed(how.seed, "train", done, purpose="steel"))
        which = torch.randint(count, (how.batch,), generator=draws)
        clean = torch.from_numpy(scale.standardised(zoo.picked(which.numpy())))
        step = torch.randint(how.noise_steps, (how.batch,), generator=draws)
        noise = torch.randn(clean.shape, generator=draws)
        loss = ((network(schedule.add_noise(clean, noise, step), step) - noise) ** 2).mean()
        slopes = torch.autograd.grad(loss, list(parameters.values()))
        done += 1
        # A rate that falls to 0 along half a cosine: draws of the last steps are not blurred by noise of the descent.
        rate = how.rate * 0.5 * (1 + math.cos(math.pi * (done - 1) / how.train_steps))
        with torch.no_grad():
            for (name, each), slope in zip(parameters.items(), slopes, strict=True):
                mean[name].mul_(0.9).add_(slope, alpha=0.1)
                square[name].mul_(0.999).addcmul_(slope, slope, value=0.001)
                above = mean[name] / (1 - 0.9**done)
                each.sub_(rate * above / ((square[name] / (1 - 0.999**done)).sqrt() + 1e-8))
        if done % how.save_every == 0 or done == how.train_steps:
            _store(folder / "diffusion.safetensors", done, parameters, mean, square)
            stage.tell(-(-done // how.save_every))
    return network


def draw_block(network: torch.nn.Module, width: int, count: int, block: int, how: Diffusion) -> np.ndarray:
    """float32[count, width]: standardised draws of block `block`, from noise to vectors through every step."""
    import torch

    draws = torch.Generator().manual_seed(derive_seed(how.seed, "draw", block, purpose="steel"))
    schedule = how.scheduler()
    schedule.set_timesteps(how.noise_steps)
    x = torch.randn((count, width), generator=draws)
    with torch.no_grad():
        for step in schedule.timesteps:
            guess = network(x, step.expand(count))
            x = schedule.step(guess, int(step), x, generator=draws).prev_sample
    return x.numpy()


Named = dict[str, "torch.Tensor"]


def _store(path: Path, done: int, parameters: Named, mean: Named, square: Named) -> None:
    from safetensors.torch import save

    tensors = {}
    for kind, group in (("weight", parameters), ("mean", mean), ("square", square)):
        tensors.update({f"{kind}.{name}": each.detach().contiguous() for name, each in group.items()})
    with atomic_write(path) as stream:
        stream.write(save(tensors, {"done": str(done)}))


def _restore(path: Path, parameters: Named, mean: Named, square: Named) -> int:
    if not path.is_file():
        return 0
    import torch
    from safetensors import safe_open

    with safe_open(path, framework="pt") as stream, torch.no_grad():
        for kind, group in (("weight", parameters), ("mean", mean), ("square", square)):
            for name, each in group.items():
                each.copy_(stream.get_tensor(f"{kind}.{name}"))
        return int(stream.metadata()["done"])

"""The learning of the images: iteration after iteration, resumable to the bit from its last saved state."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.satm.experts import Experts
from model_adapters.methods.satm.inner import draw_passes
from model_adapters.methods.satm.matching import Matching, Slopes
from model_adapters.methods.satm.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class Condensed:
    """Images in the making.

    Attributes:
        images: phi, float32[n, 1, side, side]. step: alpha, the size of an inner step.
        mean: of phi over iterations, where one is kept. velocity, step_velocity: momenta.
        losses, steps: L before and alpha after each iteration.
    """

    images: Tensor
    step: float
    velocity: Tensor
    mean: Tensor
    step_velocity: float = 0.0
    losses: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)

    @classmethod
    def start(cls, images: Tensor, step: float) -> Condensed:
        """Before the first iteration."""
        return cls(images.clone(), step, images * 0.0, images.clone())

    def write(self, path: Path) -> None:
        """Everything, in one file."""
        from safetensors.torch import save

        tensors = {"images": self.images, "velocity": self.velocity, "mean": self.mean}
        facts = {"step": self.step, "step_velocity": self.step_velocity, "losses": self.losses, "steps": self.steps}
        with atomic_write(path) as stream:
            stream.write(save({k: v.cpu().contiguous() for k, v in tensors.items()}, {"facts": json.dumps(facts)}))

    @classmethod
    def read(cls, path: Path, device: str) -> Condensed:
        """What `write` wrote: floats come back exactly."""
        from safetensors import safe_open
        from safetensors.torch import load_file

        with safe_open(str(path), framework="pt") as file:
            facts = json.loads(file.metadata()["facts"])
        tensors = {name: each.to(device) for name, each in load_file(path).items()}
        return cls(
            tensors["images"], facts["step"], tensors["velocity"], tensors["mean"], facts["step_velocity"],
            facts["losses"], facts["steps"],
        )  # fmt: skip


def condense(
    experts: Experts,
    targets: Tensor,
    begin: Tensor,
    bounds: tuple[float, float],
    settings: Settings,
    seed: int,
    path: Path | None = None,
    step: Callable[[int], None] = lambda done: None,
) -> Condensed:
    """Learn the images, and the step size with which they are to be trained on.

    After every iteration images are cut to `bounds`: black and white, so that a picture file holds them up to rounding.

    Args:
        targets: int64[n]. begin: float32[n, 1, side, side], real images. bounds: of a pixel, infinite or
            not. path: of the state, or None to keep none. step: called with the number of saved states, for new ones.

    Raises:
        UserError: the learning diverged.
    """
    device = str(begin.device)
    if path is not None and path.is_file():
        state = Condensed.read(path, device)
    else:
        state = Condensed.start(begin.clamp(*bounds), settings.expert_rate)
    matching = Matching(experts.network, targets, settings.differentiated, settings.ascending)
    for iteration in range(len(state.losses), settings.iterations):
        found = _slopes(matching, experts, state, settings, derive_seed(seed, f"iteration {iteration}", purpose="satm"))
        if not bool(found.by_images.isfinite().all()):
            raise UserError(
                f"Trajectory matching diverged in iteration {iteration}. Lower most_step (now {settings.most_step:g}), "
                "rate or rho."
            )
        descend(state, found, settings, bounds)
        done = iteration + 1
        if path is not None and (done % settings.save_every == 0 or done == settings.iterations):
            state.write(path)
            step(-(-done // settings.save_every))
    return state


def saved_states(settings: Settings) -> int:
    """How many states a whole run saves."""
    return -(-settings.iterations // settings.save_every)


def _slopes(matching: Matching, experts: Experts, state: Condensed, settings: Settings, seed: int) -> Slopes:
    """Of one segment, drawn by a seed of its own: an iteration does not depend on how many ran before in this call."""
    import torch

    rng = torch.Generator().manual_seed(seed)
    expert = int(torch.randint(experts.plan.count, (1,), generator=rng))
    first = int(torch.randint(settings.start_before, (1,), generator=rng))
    images = state.images
    passes = draw_passes(
        len(images), settings.inner_batch, settings.inner_steps, rng, settings.augmentation, images.shape[-1]
    )
    if settings.smoothing:
        noise = torch.randn(images.shape, generator=rng).to(images.device)
        images = images + settings.smoothing * noise
    return matching.slopes(experts.segment(expert, first, settings.span), images, state.step, passes)


def descend(state: Condensed, found: Slopes, settings: Settings, bounds: tuple[float, float]) -> None:
    """One step of images and step size, in place."""
    norm = float(found.by_images.norm())
    gradient = found.by_images * min(1.0, settings.clip / max(norm, 1e-12))
    state.velocity = settings.momentum * state.velocity + gradient
    state.images = (state.images - settings.rate * state.velocity).clamp(*bounds)
    state.mean = settings.decay * state.mean + (1.0 - settings.decay) * state.images
    if settings.step_rule == "closed-form":
        state.step += settings.step_rate * (found.best_step - state.step)
    elif settings.step_rule == "gradient":
        # Relative to the step itself: the slope of log alpha has the same size whatever the network.
        state.step_velocity = settings.momentum * state.step_velocity + found.by_step * state.step
        state.step -= settings.step_rate * state.step * max(-0.5, min(0.5, state.step_velocity))
    state.step = max(settings.least_step, min(settings.most_step, state.step))
    state.losses.append(found.loss)
    state.steps.append(state.step)

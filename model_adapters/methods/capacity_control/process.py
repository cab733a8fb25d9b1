"""The noise process that a scheduler describes: noisy latents, what the network should predict, and which times.

With data x0, noise e and (alpha, sigma) of a time t:
    x_t = alpha x0 + sigma e
    epsilon       target e                     alpha^2 + sigma^2 = 1 (Ho et al. 2020)
    v_prediction  target alpha e - sigma x0    the same process (Salimans and Ho 2022)
    flow          target e - x0                alpha = 1 - sigma, t = 1000 sigma (rectified flow)
Times are uniform over the discrete ones; for flow, sigma = s u / (1 + (s - 1) u) with u = sigmoid(N(0, 1)) and the
scheduler's shift s (Esser et al. 2024, logit-normal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class Level:
    """Noise levels of n samples. time: as the network is told. alpha, sigma: [n]."""

    time: Tensor
    alpha: Tensor
    sigma: Tensor

    def part(self, rows: slice) -> Level:
        """Some of the samples."""
        return Level(self.time[rows], self.alpha[rows], self.sigma[rows])


class Process:
    """The process of a diffusers scheduler.

    Attributes:
        kind: "epsilon", "v_prediction" or "flow".

    Raises:
        UserError: a scheduler of another kind.
    """

    def __init__(self, scheduler: Any) -> None:
        config = scheduler.config
        self.steps = int(config.num_train_timesteps)
        kind = config.get("prediction_type")
        if "FlowMatch" in type(scheduler).__name__ or config.get("use_flow_sigmas") or kind == "flow_prediction":
            self.kind, self.shift = "flow", float(config.get("shift") or config.get("flow_shift") or 1.0)
        elif kind in ("epsilon", "v_prediction") and hasattr(scheduler, "alphas_cumprod"):
            self.kind, self.kept = kind, scheduler.alphas_cumprod.double().cpu()
        else:
            raise UserError(
                f"{type(scheduler).__name__} predicts {kind}; capacity-control trains epsilon, v_prediction and flow."
            )

    def draw(self, n: int, rng: Generator) -> Level:
        """n noise levels."""
        import torch

        if self.kind == "flow":
            even = torch.randn(n, generator=rng).sigmoid()
            sigma = self.shift * even / (1 + (self.shift - 1) * even)
            return Level(sigma * self.steps, 1 - sigma, sigma)
        return self.at(torch.randint(self.steps, (n,), generator=rng))

    def at(self, time: Tensor) -> Level:
        """The levels of times: int64[n], or float[n] for flow."""
        if self.kind == "flow":
            sigma = time.float() / self.steps
            return Level(time.float(), 1 - sigma, sigma)
        kept = self.kept[time]
        return Level(time, kept.sqrt().float(), (1 - kept).sqrt().float())

    def noisy(self, clean: Tensor, noise: Tensor, level: Level) -> Tensor:
        """x_t."""
        return _wide(level.alpha) * clean + _wide(level.sigma) * noise

    def target(self, clean: Tensor, noise: Tensor, level: Level) -> Tensor:
        """What the network should predict."""
        if self.kind == "epsilon":
            return noise
        if self.kind == "flow":
            return noise - clean
        return _wide(level.alpha) * noise - _wide(level.sigma) * clean

    def noise_gap(self, told: Tensor, plain: Tensor, level: Level) -> Tensor:
        """L2 norm of (noise predicted with the prompt - without), float64[n], at the same x_t (Wen et al. 2024).

        A gap of the noise is that of the prediction times 1 (epsilon) or alpha (v and, with alpha = 1 - sigma, flow);
        as `model_adapters.generators.noise_norm` has it along a trajectory.
        """
        gap = (told.float() - plain.float()).flatten(1).double().norm(dim=1)
        return gap if self.kind == "epsilon" else gap * level.alpha.double()


def _wide(values: Tensor) -> Tensor:
    return values[:, None, None, None]

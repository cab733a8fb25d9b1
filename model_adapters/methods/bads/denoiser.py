"""A generator's denoiser as a function of a change of some of its parameters, and its loss on noised images.

The change is counted in units of each tensor's own root mean square, so that one step size fits layers of all scales:
parameter = base + unit x change. Noise and time of draw k of a case derive from (seed, case, k); the times of the K
draws are spread over the middle of the process, one at random in each K-th of it, where prompts tell most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.capacity_control.process import Level, Process

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.bads.dynamics import Parameters
    from model_adapters.methods.capacity_control.base import Base

FIRST, LAST = 0.15, 0.85
"""Shares of the noise process between which times are drawn: before, all prompts fit; after, nothing is to be seen."""

SMALLEST = 1e-3
"""A tensor below starts at about 0 and has no size of its own: its unit is the median of the others'."""

ADDED = ("svdiff", "difffit", "ssf", "freeze")
"""Families that do not select (or, as LoRA, add) plain parameters."""


class Draws:
    """Noise and times of cases, K draws each.

    Args:
        process: of the scheduler. shape: of a latent. count: K.
    """

    def __init__(self, process: Process, shape: tuple[int, ...], count: int, seed: int) -> None:
        self.process, self.shape, self.count, self.seed = process, shape, count, seed

    def __call__(self, ids: Sequence[str], which: Sequence[int]) -> tuple[Tensor, Level]:
        """(noise float32[n, c, h, w], levels) of draw `which[i]` of case `ids[i]`."""
        import torch

        noise, times = [], []
        for name, k in zip(ids, which, strict=True):
            rng = torch.Generator().manual_seed(derive_seed(self.seed, name, k, "bads denoising"))
            noise.append(torch.randn(self.shape, generator=rng))
            place = (k + float(torch.rand((), generator=rng))) / self.count
            times.append((FIRST + (LAST - FIRST) * place) * self.process.steps)
        told = torch.tensor(times)
        return torch.stack(noise), self.process.at(told if self.process.kind == "flow" else told.long())


class Denoiser:
    """The base's network with a change.

    Attributes:
        units: parameter name -> what a change of 1 is. count: how many parameters are changed.
    """

    def __init__(self, base: Base, family: str, seed: int) -> None:
        from model_adapters.methods.capacity_control.adapting import adapt
        from model_adapters.methods.capacity_control.blocks import Allowed

        if family in ADDED:
            raise UserError(f"peft is {family}; weights are learnt beside a family such as attention, bias or lora.")
        self.base = base
        self.process = Process(base.pipe.scheduler)
        self.adapted = adapt(base.network, family, Allowed((), None, True), seed=seed)
        self._start = {name: each.detach().clone() for name, each in self.adapted.parameters.items()}
        base.network.requires_grad_(False)
        sizes = {name: float(each.square().mean().sqrt()) for name, each in self._start.items()}
        known = sorted(size for size in sizes.values() if size > SMALLEST)
        usual = known[len(known) // 2] if known else SMALLEST
        self.units = {name: size if size > SMALLEST else usual for name, size in sizes.items()}
        self._called = _module(base)

    def start(self) -> Parameters:
        """No change."""
        import torch

        return {name: torch.zeros_like(each) for name, each in self._start.items()}

    def errors(
        self, change: Parameters | None, clean: Tensor, condition: dict[str, Tensor], noise: Tensor, level: Level
    ) -> Tensor:
        """Mean square error of the prediction, float32[n]; the base's own where there is no change.

        Args:
            clean: latents float32[n, c, h, w]. condition: of the prompts, stacked.
        """
        from torch.func import functional_call

        told = (self.process.noisy(clean, noise, level), level.time, condition)
        values = {} if change is None else self._values(change)
        out: Tensor = functional_call(self._called, values, told)
        wanted = self.process.target(clean, noise, level)
        result: Tensor = (out.float() - wanted).square().flatten(1).mean(dim=1)
        return result

    def _values(self, change: Parameters) -> dict[str, Tensor]:
        return {f"network.{name}": self._start[name] + self.units[name] * each for name, each in change.items()}

    def settle(self, change: Parameters) -> None:
        """Put a change into the network for good and make it one of its own class again."""
        import torch

        with torch.no_grad():
            for name, value in self._values(change).items():
                self.adapted.parameters[name.removeprefix("network.")].copy_(value)
        self.adapted.fold()


def _module(base: Base) -> Any:
    """`base.predict` as a module that holds the network, for `functional_call`."""
    from torch import nn

    class Called(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = base.network

        def forward(self, noisy: Tensor, time: Tensor, condition: dict[str, Tensor]) -> Tensor:
            return base.predict(noisy, time, condition)

    return Called()

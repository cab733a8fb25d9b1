"""The training loop: AdamW on the adapted parameters; step k follows from (seed, k) and the state alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from model_adapters.methods.capacity_control.adapting import Adapted
from model_adapters.methods.capacity_control.average import follow
from model_adapters.methods.capacity_control.pace import Pace
from model_adapters.methods.capacity_control.settings import Settings
from model_adapters.methods.capacity_control.state import State, load_state, save_state
from model_adapters.protocols import Saved

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.capacity_control.base import Base
    from model_adapters.methods.capacity_control.batches import Batch, Batches
    from model_adapters.methods.capacity_control.cases import Latents, Texts
    from model_adapters.methods.capacity_control.process import Process


class Loop:
    """Trains.

    Args:
        base: its network is adapted already. batches, latents, texts, process: of the data.
        path: where the state lies. weights: of the cases, with a mean of 1; None where all count the same.
    """

    def __init__(
        self, base: Base, adapted: Adapted, settings: Settings, batches: Batches, latents: Latents, texts: Texts,
        process: Process, path: Path, weights: Sequence[float] | None = None,
    ) -> None:  # fmt: skip
        import torch

        self.weights = None if weights is None else torch.tensor(weights, dtype=torch.float32)

        self.base, self.adapted, self.settings, self.batches = base, adapted, settings, batches
        self.latents, self.texts, self.process, self.path = latents, texts, process, path
        self.optimizer = torch.optim.AdamW(_groups(adapted, settings), lr=settings.rate)
        average = {name: each.detach().clone() for name, each in adapted.parameters.items()} if settings.ema else {}
        self.state = State(0, dict(adapted.parameters), average)
        half = settings.precision == "float16"
        self.scaler = torch.amp.GradScaler("cuda", enabled=half)
        load_state(path, self.state, self.optimizer)
        if half and self.state.scaler:
            self.scaler.load_state_dict(self.state.scaler)

    def run(self, saved: Saved) -> None:
        """Train what is left.

        Raises:
            UserError: the loss is no number any more.
        """
        state, steps = self.state, self.settings.steps
        first = state.step
        pace = Pace("train", steps - first)
        while state.step < steps:
            self._step(self.batches(state.step))
            state.step += 1
            pace(state.step - first, f"step {state.step}, loss {state.curve[-1][1]:.4f}")
            if state.step % self.settings.save_every == 0 or state.step == steps:
                state.scaler = self.scaler.state_dict()
                save_state(self.path, state, self.optimizer)
                saved(state.step, steps)

    def use_average(self) -> None:
        """Put the moving average into the network, where there is one."""
        import torch

        with torch.no_grad():
            for name, value in self.state.average.items():
                self.state.parameters[name].copy_(value)

    def _step(self, batch: Batch) -> None:
        settings, state = self.settings, self.state
        rate = settings.rate * min(1.0, (state.step + 1) / settings.warmup) if settings.warmup else settings.rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["fixed"] / settings.rate if group["fixed"] else rate
        size = settings.batch // settings.accumulate
        parts = [slice(start, start + size) for start in range(0, settings.batch, size)]
        clean = self.latents(batch.rows)
        keep, norm = self._kept(batch, clean, parts)
        loss = math.nan
        if keep.any():
            self.optimizer.zero_grad(set_to_none=True)
            loss = sum(self._backward(batch, clean, part, keep) for part in parts if keep[part].any())
            if not math.isfinite(loss):
                raise UserError(f"The loss of step {state.step + 1} is {loss}. Choose a smaller learning_rate.")
            self.scaler.unscale_(self.optimizer)
            self._clip()
            self.scaler.step(self.optimizer)
            self.scaler.update()
            follow(state.average, state.parameters, settings.ema, state.step + 1)
        state.curve.append((float(state.step + 1), loss, float(keep.sum()), norm, rate))

    def _clip(self) -> None:
        import torch

        torch.nn.utils.clip_grad_norm_(list(self.adapted.parameters.values()), self.settings.clip)

    def _backward(self, batch: Batch, clean: Tensor, part: slice, keep: Tensor) -> float:
        """Add the gradient of a part's share of the batch's mean loss; returns that share.

        A case's loss counts by its weight. The sum is divided by the number of samples, not by the weight of the batch:
        in the mean over batches that is the weighted loss of the whole set.
        """
        told = self._predicted(batch, clean, part, batch.prompts[part])
        level = batch.level.part(part)
        wanted = self.process.target(clean[part], batch.noise[part], level).to(told.device)
        errors = (told.float() - wanted).square().flatten(1).mean(dim=1)
        if self.weights is not None:
            errors = errors * self.weights[list(batch.rows[part])].to(errors)
        loss = (errors * keep[part].to(errors)).sum() / keep.sum().to(errors)
        self.scaler.scale(loss).backward()
        return float(loss.detach())

    def _predicted(self, batch: Batch, clean: Tensor, part: slice, prompts: tuple[str, ...]) -> Tensor:
        import torch

        device = torch.device(self.base.device)
        level = batch.level.part(part)
        noisy = self.process.noisy(clean[part], batch.noise[part], level).to(device)
        dtype = getattr(torch, self.settings.precision)
        with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
            return self.base.predict(noisy, level.time.to(device), self.texts(prompts))

    def _kept(self, batch: Batch, clean: Tensor, parts: list[slice]) -> tuple[Tensor, float]:
        """(bool[n]: the samples that teach, mean noise norm or NaN), over the whole batch, whatever its parts."""
        import torch

        threshold = self.settings.threshold
        if threshold is None:
            return torch.ones(self.settings.batch, dtype=torch.bool), math.nan
        norms = []
        with torch.no_grad():
            for part in parts:
                told = self._predicted(batch, clean, part, batch.prompts[part])
                plain = self._predicted(batch, clean, part, ("",) * len(batch.prompts[part]))
                norms.append(self.process.noise_gap(told.cpu(), plain.cpu(), batch.level.part(part)))
        measured = torch.cat(norms)
        if not measured.isfinite().all():
            raise UserError(f"A noise norm of step {self.state.step + 1} is no number. Choose a smaller learning_rate.")
        return threshold.keeps(measured), float(measured.mean())


def _groups(adapted: Adapted, settings: Settings) -> list[dict[str, Any]]:
    """Parameters by (fixed rate or 0, weight decay). A scale that starts at 1 is not pulled to 0."""
    found: dict[tuple[float, float], list[Any]] = {}
    for name, each in adapted.parameters.items():
        decay = 0.0 if name.endswith(".gamma") else settings.weight_decay
        found.setdefault((adapted.fixed_rates.get(name, 0.0), decay), []).append(each)
    return [{"params": each, "fixed": fixed, "weight_decay": decay} for (fixed, decay), each in found.items()]

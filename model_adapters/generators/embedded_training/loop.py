"""A training loop that survives kill -9: state is written atomically, and step k depends on (seed, stage, k) alone."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from data_splits.errors import UserError

Say = Callable[[str], None]
Shard = Callable[[], tuple[Tensor, Mapping[str, float]]]
"""One part of a batch: computes its mean loss and the figures to report."""
ShardsOf = Callable[[torch.Generator], list[Shard]]
"""Draws a batch with the generator and cuts it into equal parts."""


def generator(seed: int, *key: str | int) -> torch.Generator:
    """A CPU generator keyed by anything."""
    digest = hashlib.sha256("/".join(map(str, (seed, *key))).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))


def learning_rate(step: int, steps: int, peak: float, warmup: int = 100, hold: float = 0.0) -> float:
    """Linear warm-up, constant up to the share `hold` of all steps, then half a cosine down to 2 % of the peak."""
    if step < warmup:
        return peak * (step + 1) / warmup
    start = max(warmup, hold * steps)
    if step < start:
        return peak
    share = min(1.0, (step - start) / max(1.0, steps - start))
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))


class Trainer:
    """AdamW on some modules, with an exponential moving average of their weights and crash-safe state.

    The parts of a batch run in Python threads, each with one compute thread: on a busy machine that is far quicker than
    splitting every single operation over the cores, and the sum has a fixed order whatever the number of workers.

    Args:
        name: stage name: the state lies in `folder/name.safetensors`.
        modules: what is trained, by name.
        folder: where the state goes.
        fingerprint: of the plan; a state of another plan is refused.
        ema: decay of the moving average; 0 keeps none.
        workers: threads that share the parts of a batch.
    """

    def __init__(
        self,
        name: str,
        modules: Mapping[str, nn.Module],
        folder: Path,
        fingerprint: str,
        ema: float = 0.0,
        workers: int = 2,
    ) -> None:
        self.name, self.modules, self.fingerprint, self.ema = name, dict(modules), fingerprint, ema
        self.path = folder / f"{name}.safetensors"
        self.pool = ThreadPoolExecutor(workers)
        self.parameters = {f"{m}.{p}": t for m, module in modules.items() for p, t in module.named_parameters()}
        self.optimizer = torch.optim.AdamW(self.parameters.values(), lr=1e-3, weight_decay=1e-3, betas=(0.9, 0.99))
        self.average = {k: t.detach().clone() for k, t in self.parameters.items()} if ema else {}
        self.step = 0
        self.seconds = 0.0
        self.last: dict[str, float] = {}
        if self.path.exists():
            self._load()

    def run(
        self,
        shards_of: ShardsOf,
        steps: int,
        peak: float,
        seed: int,
        say: Say,
        hold: float = 0.0,
        save_every: float = 120.0,
        on_save: Callable[[], None] | None = None,
    ) -> dict[str, float]:
        """Train up to `steps`; returns the mean of the last reported figures."""
        for module in self.modules.values():
            module.train()
        began = saved = time.perf_counter()
        sums: dict[str, float] = {}
        count, report = 0, max(1, min(100, steps // 10))
        while self.step < steps:
            figures = self._gradients(shards_of(generator(seed, self.name, self.step)))
            self._update(learning_rate(self.step, steps, peak, min(100, max(1, steps // 10)), hold))
            self.step += 1
            for key, value in figures.items():
                sums[key] = sums.get(key, 0.0) + value
            count += 1
            now = time.perf_counter()
            if self.step % report == 0 or self.step == steps:
                self.last = {k: v / count for k, v in sums.items()}
                shown = " ".join(f"{k}={v:.4f}" for k, v in self.last.items())
                total = self.seconds + now - began
                say(f"{self.name} step {self.step}/{steps} {shown} {total:.0f} s")
                sums, count = {}, 0
            if now - saved > save_every or self.step == steps:
                self.seconds += now - began
                began = now
                self.save()
                if on_save is not None:
                    on_save()
                saved = began = time.perf_counter()
        for module in self.modules.values():
            module.eval()
        return self.last

    def _gradients(self, shards: list[Shard]) -> dict[str, float]:
        parameters = list(self.parameters.values())

        def one(shard: Shard) -> tuple[tuple[Tensor | None, ...], dict[str, float]]:
            loss, figures = shard()
            return torch.autograd.grad(loss, parameters, allow_unused=True), {"loss": float(loss.detach()), **figures}

        results = list(self.pool.map(one, shards))
        for index, parameter in enumerate(parameters):
            parts = [gradients[index] for gradients, _ in results]
            known = [part for part in parts if part is not None]
            parameter.grad = torch.stack(known).sum(0) / len(shards) if known else None
        return {key: sum(figures[key] for _, figures in results) / len(results) for key in results[0][1]}

    def _update(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        nn.utils.clip_grad_norm_(list(self.parameters.values()), 1.0)
        self.optimizer.step()
        if self.ema:
            decay = min(self.ema, (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                torch._foreach_lerp_(
                    list(self.average.values()), [p.detach() for p in self.parameters.values()], 1 - decay
                )

    def use_average(self) -> None:
        """Put the averaged weights into the modules."""
        with torch.no_grad():
            for key, value in self.average.items():
                self.parameters[key].copy_(value)

    def save(self) -> None:
        """Write everything needed to go on, atomically."""
        tensors = {f"weight/{k}": t.detach().contiguous() for k, t in self.parameters.items()}
        tensors |= {f"average/{k}": t.contiguous() for k, t in self.average.items()}
        for key, parameter in self.parameters.items():
            for part, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"adam/{part}/{key}"] = value.contiguous()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        facts = {"step": str(self.step), "seconds": f"{self.seconds:.1f}", "plan": self.fingerprint}
        facts["last"] = json.dumps(self.last)
        partial = self.path.with_suffix(".partial")
        save_file(tensors, partial, metadata=facts)
        partial.replace(self.path)

    def _load(self) -> None:
        with safe_open(self.path, "pt") as file:
            facts = file.metadata()
        if facts["plan"] != self.fingerprint:
            raise UserError(f"{self.path} is of a run with other settings. Choose another --output, or delete it.")
        tensors = load_file(self.path)
        with torch.no_grad():
            for key, parameter in self.parameters.items():
                parameter.copy_(tensors[f"weight/{key}"])
                if self.ema:
                    self.average[key].copy_(tensors[f"average/{key}"])
                state = {
                    p: tensors[f"adam/{p}/{key}"]
                    for p in ("step", "exp_avg", "exp_avg_sq")
                    if f"adam/{p}/{key}" in tensors
                }
                if state:
                    self.optimizer.state[parameter] = state
        self.step, self.seconds = int(facts["step"]), float(facts["seconds"])
        self.last = json.loads(facts.get("last", "{}"))

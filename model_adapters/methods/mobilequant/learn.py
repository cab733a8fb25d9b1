"""Joint learning of transforms (LET), weight clipping (LWC) and activation ranges (ARL), end to end.

    minimise   mean (h - h*)^2   over calibration sequences, `batch` a step

h: what enters the final norm, everything quantised; h*: the same of the float model. AdamW without decay; every rate
falls to a tenth along a cosine. Published rates of scales and zero points (1e-6) are absolute; here a scale is learnt
as a multiple of its start and a zero point as a share of the code range, so that one rate fits every site.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.inference.seeds import derive_seed
from model_adapters.methods.mobilequant.modules import Projection, Site
from model_adapters.methods.mobilequant.network import last_hidden, parts, set_mode, widths_of
from model_adapters.methods.mobilequant.texts import Item
from model_adapters.methods.mobilequant.transforms import LEAST, attach, shapes_of

if TYPE_CHECKING:
    from torch import Tensor

LEARNT = ("transforms", "clipping", "ranges")
KEPT = 4.0
"""Logit of the share of a weight's range that is kept at the start: 0.982."""


@dataclass(frozen=True)
class Settings:
    """How to learn.

    Attributes:
        epochs: passes over the calibration sequences. what: of LEARNT.
        transform_rate, clip_rate, range_rate: learning rates; a zero point's is a tenth of `range_rate`.
        save_every: steps between two states on disk. batch: sequences a step (published: 1).
    """

    epochs: int = 10
    what: tuple[str, ...] = LEARNT
    transform_rate: float = 1e-3
    clip_rate: float = 1e-2
    range_rate: float = 1e-3
    save_every: int = 20
    batch: int = 1

    def __post_init__(self) -> None:
        unknown = [each for each in self.what if each not in LEARNT]
        if unknown or not self.what:
            raise UserError(f"learn is {','.join(self.what)!r}; it names some of {', '.join(LEARNT)}.")
        if min(self.epochs, self.save_every, self.batch) < 1:
            raise UserError("epochs, save_every and batch must be at least 1.")
        for name in ("transform_rate", "clip_rate", "range_rate"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise UserError(
                    f"{name} is {getattr(self, name)}; it is above 0. What is not to be learnt is left out of learn."
                )

    def steps(self, sequences: int) -> int:
        """Steps of all epochs; a last, smaller batch of an epoch is a step too."""
        return self.epochs * -(-sequences // self.batch)


@dataclass
class Parameters:
    """Everything that is learnt, by name, and its rate.

    Attributes:
        values: name -> leaf tensor. rates: name -> learning rate. transforms: layer number -> its factors.
    """

    values: dict[str, Tensor] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    transforms: list[dict[str, Tensor]] = field(default_factory=list)

    def count(self) -> int:
        """How many numbers."""
        return sum(each.numel() for each in self.values.values())


def parameters_of(model: Any, settings: Settings) -> Parameters:
    """New parameters, attached to the model so that it computes with them."""
    import torch

    found = Parameters()
    device = model.model.norm.weight.device

    def new(name: str, start: float, shape: tuple[int, ...], rate: float) -> Tensor:
        found.values[name] = torch.full(shape, start, device=device, requires_grad=True)
        found.rates[name] = rate
        return found.values[name]

    if "transforms" in settings.what:
        for number, _ in enumerate(model.model.layers):
            shapes = shapes_of(widths_of(model.config))
            found.transforms.append(
                {name: new(f"{number}.{name}", 1.0, shape, settings.transform_rate) for name, shape in shapes.items()}
            )
    for name, part in parts(model):
        if isinstance(part, Projection) and "clipping" in settings.what:
            part.clip_high = new(f"{name}.clip_high", KEPT, part.range_shape(), settings.clip_rate)
            part.clip_low = new(f"{name}.clip_low", KEPT, part.range_shape(), settings.clip_rate)
        if isinstance(part, Site) and "ranges" in settings.what:
            part.stretch = new(f"{name}.stretch", 0.0, (), settings.range_rate)
            part.shift = new(f"{name}.shift", 0.0, (), 0.1 * settings.range_rate)
    return found


def learn(
    model: Any, items: Sequence[Item], targets: Sequence[Tensor], settings: Settings, seed: int, state: Path,
    saved: Callable[[int], None],
) -> tuple[Parameters, list[float]]:  # fmt: skip
    """Learn, or go on from `state`; the model is left with what was learnt attached.

    Args:
        targets: h* of each item. state: file of the learning so far. saved: called with the steps that are on disk.

    Returns:
        The parameters, and the mean loss of each epoch.

    Raises:
        UserError: the loss is not finite.
    """
    import torch

    parameters = parameters_of(model, settings)
    names = list(parameters.values)
    optimiser = torch.optim.AdamW(
        [{"params": [parameters.values[name]], "lr": parameters.rates[name]} for name in names], weight_decay=0.0
    )
    losses: list[float] = _restore(state, parameters, optimiser) if state.exists() else []
    total = settings.steps(len(items))
    if settings.batch > 1 and len({each.embeds.shape for each in items}) > 1:
        raise UserError("The calibration sequences differ in length: batch must be 1.")
    widths = widths_of(model.config)
    set_mode(model, "on")
    for step in range(len(losses), total):
        share = 0.1 + 0.45 * (1.0 + math.cos(math.pi * step / total))
        for group, name in zip(optimiser.param_groups, names, strict=True):
            group["lr"] = parameters.rates[name] * share
        for layer, transform in zip(model.model.layers, parameters.transforms, strict=False):
            attach(layer, transform, widths)
        which = order(len(items), settings.batch, step, seed)
        embeds, aims = torch.cat([items[i].embeds for i in which]), torch.cat([targets[i] for i in which])
        loss = torch.nn.functional.mse_loss(last_hidden(model, embeds), aims)
        if not bool(torch.isfinite(loss)):
            raise UserError(f"The loss is not finite after {step} steps. Lower transform_rate and range_rate.")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            for transform in parameters.transforms:
                for factor in transform.values():
                    factor.clamp_(min=LEAST)
        losses.append(float(loss.detach()))
        if len(losses) % settings.save_every == 0 or len(losses) == total:
            _keep(state, parameters, optimiser, losses)
            saved(len(losses))
    for layer, transform in zip(model.model.layers, parameters.transforms, strict=False):
        attach(layer, transform, widths)
    each = total // settings.epochs
    epochs = [sum(losses[i : i + each]) / each for i in range(0, total, each)]
    return parameters, epochs


def order(count: int, batch: int, step: int, seed: int) -> list[int]:
    """Sequences of a step; each epoch has an order of its own."""
    import torch

    epoch, place = divmod(step, -(-count // batch))
    generator = torch.Generator().manual_seed(derive_seed(seed, "order", epoch, purpose="mobilequant") % 2**63)
    return torch.randperm(count, generator=generator)[place * batch : (place + 1) * batch].tolist()


def _keep(path: Path, parameters: Parameters, optimiser: Any, losses: list[float]) -> None:
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    for name, value in parameters.values.items():
        moments = optimiser.state[value]
        tensors |= {name: value.detach(), f"{name}|mean": moments["exp_avg"], f"{name}|square": moments["exp_avg_sq"]}
    with atomic_write(path) as stream:
        stream.write(save(tensors, {"losses": json.dumps(losses)}))


def _restore(path: Path, parameters: Parameters, optimiser: Any) -> list[float]:
    import torch
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        losses: list[float] = json.loads((file.metadata() or {})["losses"])
        for name, value in parameters.values.items():
            with torch.no_grad():
                value.copy_(file.get_tensor(name))
            optimiser.state[value] = {
                "step": torch.tensor(float(len(losses))),
                "exp_avg": file.get_tensor(f"{name}|mean").to(value.device),
                "exp_avg_sq": file.get_tensor(f"{name}|square").to(value.device),
            }
    return losses

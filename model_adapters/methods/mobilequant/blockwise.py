"""OmniQuant with static ranges (Shao et al. 2024, as MobileQuant's tables use it): the control that learns by blocks.

    for each layer in turn:  minimise  mean (layer_q(x_q) - layer(x))^2  over its transforms and its weight clipping

x: what enters the layer in the float model; x_q: what the quantised layers before it give. Activation ranges stay as
calibrated. MobileQuant learns the same factors and the ranges too, all layers at once. Optimiser, rates and order of
the sequences are those of `learn`, the rates falling anew in every layer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import atomic_write
from model_adapters.methods.mobilequant.learn import KEPT, Settings, order
from model_adapters.methods.mobilequant.modules import Mode
from model_adapters.methods.mobilequant.network import linears_of, norms_of, sites_of, widths_of
from model_adapters.methods.mobilequant.texts import Item
from model_adapters.methods.mobilequant.transforms import LEAST, attach, ones, shapes_of

if TYPE_CHECKING:
    from torch import Tensor


def learn_blocks(
    model: Any, items: Sequence[Item], transforms: Sequence[str], settings: Settings, seed: int, state: Path,
    saved: Callable[[int], None],
) -> tuple[int, list[float]]:  # fmt: skip
    """Learn layer by layer, or go on after the last whole layer in `state`; what was learnt is left attached.

    Args:
        transforms: which of the five are learnt, as in `transforms.TRANSFORMS`.
        saved: called with the number of layers that are on disk.

    Returns:
        How many numbers were learnt, and the mean loss of each layer's last epoch.

    Raises:
        UserError: the loss is not finite, or sequences of different lengths in one batch.
    """
    import torch

    if settings.batch > 1 and len({each.embeds.shape for each in items}) > 1:
        raise UserError("The calibration sequences differ in length: batch must be 1.")
    learnt, losses = _restore(state, model) if state.exists() else ({}, [])
    exact, rounded = [each.embeds for each in items], [each.embeds for each in items]
    calls = [_call(model, each) for each in items]
    for number, layer in enumerate(model.model.layers):
        _set_mode(layer, "off")
        with torch.no_grad():
            exact = [layer(x, **call) for x, call in zip(exact, calls, strict=True)]
        _set_mode(layer, "on")
        prefix = f"{number}."
        if number < len(losses):
            found = {n.removeprefix(prefix): each for n, each in learnt.items() if n.startswith(prefix)}
            _put(layer, found, transforms, model)
        else:
            found, loss = _learn(layer, model, rounded, exact, calls, transforms, settings, seed)
            learnt |= {prefix + name: each.detach() for name, each in found.items()}
            losses.append(loss)
            _keep(state, learnt, losses)
            saved(len(losses))
        with torch.no_grad():
            rounded = [layer(x, **call) for x, call in zip(rounded, calls, strict=True)]
    return sum(each.numel() for each in learnt.values()), losses


def _learn(
    layer: Any, model: Any, inputs: list[Tensor], aims: list[Tensor], calls: list[dict[str, Any]],
    transforms: Sequence[str], settings: Settings, seed: int,
) -> tuple[dict[str, Tensor], float]:  # fmt: skip
    import torch

    values = _start(layer, transforms, model)
    rates = [settings.transform_rate if name in transforms else settings.clip_rate for name in values]
    optimiser = torch.optim.AdamW(
        [{"params": [value], "lr": rate} for value, rate in zip(values.values(), rates, strict=True)], weight_decay=0.0
    )
    losses: list[float] = []
    total = settings.steps(len(inputs))
    for step in range(total):
        share = 0.1 + 0.45 * (1.0 + math.cos(math.pi * step / total))
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * share
        _put(layer, values, transforms, model)
        which = order(len(inputs), settings.batch, step, seed)
        got = layer(torch.cat([inputs[i] for i in which]), **calls[which[0]])
        loss = torch.nn.functional.mse_loss(got, torch.cat([aims[i] for i in which]))
        if not bool(torch.isfinite(loss)):
            raise UserError(f"The loss of a layer is not finite after {step} steps. Lower transform_rate.")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            for name in transforms:
                values[name].clamp_(min=LEAST)
        losses.append(float(loss.detach()))
    for value in values.values():
        value.requires_grad_(False)
    _put(layer, values, transforms, model)
    last = total // settings.epochs
    return values, sum(losses[-last:]) / last


def _start(layer: Any, transforms: Sequence[str], model: Any) -> dict[str, Tensor]:
    import torch

    device = model.model.norm.weight.device
    shapes = shapes_of(widths_of(model.config))
    found = {name: torch.ones(shapes[name], device=device, requires_grad=True) for name in transforms}
    for name, linear in linears_of(layer).items():
        for end in ("high", "low"):
            found[f"{name}.{end}"] = torch.full(linear.range_shape(), KEPT, device=device, requires_grad=True)
    return found


def _put(layer: Any, values: dict[str, Tensor], transforms: Sequence[str], model: Any) -> None:
    """Let a layer compute with these values."""
    widths = widths_of(model.config)
    whole = ones(widths, model.model.norm.weight.device) | {name: values[name] for name in transforms}
    attach(layer, whole, widths)
    for name, linear in linears_of(layer).items():
        linear.clip_high, linear.clip_low = values[f"{name}.high"], values[f"{name}.low"]


def _set_mode(layer: Any, mode: Mode) -> None:
    for group in (sites_of(layer), linears_of(layer), norms_of(layer)):
        for part in group.values():
            part.mode = mode


def _call(model: Any, item: Item) -> dict[str, Any]:
    """What a layer is called with beside the sequence: mask and positions, the same for every layer."""
    import torch

    kept: list[dict[str, Any]] = []

    class _Enough(Exception):
        pass

    def keep(_: Any, __: Any, named: dict[str, Any]) -> None:
        kept.append(named)
        raise _Enough

    handle = model.model.layers[0].register_forward_pre_hook(keep, with_kwargs=True)
    try:
        with torch.no_grad():
            model.model(inputs_embeds=item.embeds, use_cache=False)
    except _Enough:
        pass
    finally:
        handle.remove()
    return {name: each for name, each in kept[0].items() if name != "hidden_states"}


def _keep(path: Path, learnt: dict[str, Tensor], losses: list[float]) -> None:
    from safetensors.torch import save

    with atomic_write(path) as stream:
        stream.write(save({n: t.cpu().contiguous() for n, t in learnt.items()}, {"losses": json.dumps(losses)}))


def _restore(path: Path, model: Any) -> tuple[dict[str, Tensor], list[float]]:
    from safetensors import safe_open

    with safe_open(path, "pt", device=str(model.model.norm.weight.device)) as file:
        losses: list[float] = json.loads((file.metadata() or {})["losses"])
        return {name: file.get_tensor(name) for name in file.keys()}, losses  # noqa: SIM118

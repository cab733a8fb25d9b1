"""Freezes a network except for a family's parameters.

A family either selects parameters that are there, or adds a few that fold into the weights when training is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.nn.utils import parametrize

from data_splits.errors import UserError
from model_adapters.methods.capacity_control import low_rank, scaling, spectral
from model_adapters.methods.capacity_control.blocks import Allowed
from model_adapters.methods.capacity_control.families import require_family
from model_adapters.methods.capacity_control.pace import Pace

Parameters = dict[str, nn.Parameter]


@dataclass
class Adapted:
    """A network ready to be trained.

    Attributes:
        parameters: adapter name -> what is trained, in a fixed order.
        fixed_rates: adapter name -> a learning rate that is not the run's.
        fold: turns the network back into one of its own class, with the training in its weights.
    """

    parameters: Parameters
    fixed_rates: dict[str, float]
    fold: Callable[[], None]

    @property
    def count(self) -> int:
        """How many numbers are trained."""
        return sum(each.numel() for each in self.parameters.values())


def adapt(network: Any, family: str, allowed: Allowed, rank: int = 4, seed: int = 0) -> Adapted:
    """Freeze the network except for a family's parameters where `allowed` says yes.

    Args:
        network: of diffusers; changed in place. rank: of lora, loha and lokr. seed: of their first values.

    Raises:
        UserError: an unknown family, or one that has nothing in this network.
    """
    require_family(family)
    network.requires_grad_(False)
    fixed: dict[str, float] = {}
    fold: Callable[[], None] = lambda: None  # noqa: E731
    if family in low_rank.KINDS:
        targets = [name for name in low_rank.targets_of(network) if allowed(name)]
        found = low_rank.inject(network, family, targets, rank, seed) if targets else {}
        fold = (lambda: low_rank.fold(network)) if targets else fold
    elif family in ("svdiff", "difffit", "ssf"):
        found = _ADDED[family](network, allowed, fixed)
        fold = lambda: _leave(network)  # noqa: E731
    else:
        found = {name: each for name, each in selected(network, family).items() if allowed(name)}
    if not found and family != "freeze" and allowed.mask is None:
        raise UserError(f"{family} trains nothing in a {type(network).__name__}. Choose another --peft.")
    for each in found.values():
        each.requires_grad_(True)
    return Adapted(dict(sorted(found.items())), fixed, fold)


def selected(network: nn.Module, family: str) -> Parameters:
    """The parameters of a family that adds none: name -> parameter."""
    modules = dict(network.named_modules())
    attention = tuple(name + "." for name, each in modules.items() if type(each).__name__.endswith("Attention"))

    def in_attention(name: str) -> bool:
        return name.startswith(attention)

    def in_norm(name: str) -> bool:
        return "Norm" in type(modules[name.rpartition(".")[0]]).__name__

    def is_bias(name: str) -> bool:
        return name.rpartition(".")[2] == "bias"

    rules: dict[str, Callable[[str], bool]] = {
        "full": lambda name: True,
        "full-without-attention": lambda name: not in_attention(name),
        "attention": in_attention,
        "attention-down-blocks": lambda name: in_attention(name) and name.startswith("down_blocks."),
        "attention-up-blocks": lambda name: in_attention(name) and name.startswith("up_blocks."),
        "bias": is_bias,
        "norm": in_norm,
        "norm-bias": lambda name: in_norm(name) or is_bias(name),
        "norm-bias-attention": lambda name: in_norm(name) or is_bias(name) or in_attention(name),
        "freeze": lambda name: False,
    }
    return {name: each for name, each in network.named_parameters() if rules[family](name)}


def _svdiff(network: nn.Module, allowed: Allowed, fixed: dict[str, float]) -> Parameters:
    found: Parameters = {}
    modules = list(network.named_modules())
    pace = Pace("singular values", len(modules))
    for done, (name, module) in enumerate(modules):
        pace(done)
        weight = dict(module.named_parameters(recurse=False)).get("weight")
        if weight is None or not allowed(f"{name}.weight"):
            continue
        shift = spectral.SpectralShift(weight) if weight.ndim > 1 else spectral.VectorShift(weight)
        parametrize.register_parametrization(module, "weight", shift)
        found[f"{name}.weight.shift"] = shift.shift
        if weight.ndim == 1:
            fixed[f"{name}.weight.shift"] = spectral.VECTOR_RATE
    return found


def _difffit(network: nn.Module, allowed: Allowed, fixed: dict[str, float]) -> Parameters:
    found = {name: each for name, each in selected(network, "norm-bias").items() if allowed(name)}
    for name, layer in scaling.last_layers(network).items():
        if not allowed(name):
            continue
        gamma = scaling.one(layer, 1)
        for tensor in [each for each, _ in layer.named_parameters(recurse=False)]:
            parametrize.register_parametrization(layer, tensor, scaling.Scaled(gamma))
        found[f"{name}.gamma"] = gamma
    return found


def _ssf(network: nn.Module, allowed: Allowed, fixed: dict[str, float]) -> Parameters:
    found: Parameters = {}
    for name, module in list(network.named_modules()):
        own = dict(module.named_parameters(recurse=False))
        usual = isinstance(module, nn.Linear | nn.Conv2d) or "Norm" in type(module).__name__
        if not usual or "weight" not in own or not allowed(f"{name}.weight"):
            continue
        gamma = scaling.one(module, len(own["weight"]))
        parametrize.register_parametrization(module, "weight", scaling.Scaled(gamma))
        found[f"{name}.gamma"] = gamma
        if own.get("bias") is not None:
            both = scaling.ScaledShifted(gamma)
            parametrize.register_parametrization(module, "bias", both)
            found[f"{name}.beta"] = both.beta
    return found


_ADDED: dict[str, Callable[[nn.Module, Allowed, dict[str, float]], Parameters]] = {
    "svdiff": _svdiff,
    "difffit": _difffit,
    "ssf": _ssf,
}


def _leave(network: nn.Module) -> None:
    """Compute every parametrized tensor once more and keep it as an ordinary one."""
    for module in list(network.modules()):
        if parametrize.is_parametrized(module):
            for tensor in list(module.parametrizations):  # type: ignore[arg-type]
                parametrize.remove_parametrizations(module, tensor, leave_parametrized=True)

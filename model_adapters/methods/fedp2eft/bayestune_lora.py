"""BayesTune-LoRA: low-rank adapters whose every rank has a positive scale, learnt with the weights.

The output of a linear layer x -> W x gains s B (lambda * (A x)), A float[r, in], B float[out, r], lambda float[r],
s = alpha / r_max. B starts at 0, so the adapter starts as nothing; lambda of a rank that does not matter stays small.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from data_splits.errors import UserError
from model_adapters.inference.seeds import derive_seed

if TYPE_CHECKING:
    from collections.abc import Mapping

LAMBDA_LOW, LAMBDA_HIGH = 1e-4, 1e3
"""Lambda is kept in this range. A rank of lambda 1e-4 is as good as absent."""


def clamped(scales: torch.Tensor) -> torch.Tensor:
    """Scales in the allowed range; the gradient goes through as if nothing were clamped (straight through)."""
    return scales + (scales.clamp(LAMBDA_LOW, LAMBDA_HIGH) - scales).detach()


class BayesTuneLinear(nn.Module):
    """A frozen linear layer with an adapter of at most r_max ranks.

    Attributes:
        down: A. up: B. scales: lambda. scale: s, the same however many ranks are kept.
    """

    def __init__(self, base: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.base, self.rank, self.scale = base, rank, scale
        self.sides = base.in_features, base.out_features
        # An adapter of a half-precision layer learns in float32: steps of 1e-4 would be lost in bfloat16.
        self.dtype = torch.promote_types(base.weight.dtype, torch.float32)
        self.device = base.weight.device
        self.reset(0, torch.ones(rank, dtype=torch.bool))

    def reset(self, seed: int, keep: torch.Tensor) -> None:
        """Start anew with the ranks of a mask: A Kaiming-uniform over all r_max rows as in peft, B zero, lambda one.

        The rows that are kept are the same whatever else is kept, so a trimmed adapter is a part of the whole one.
        """
        generator = torch.Generator().manual_seed(seed)
        down = torch.empty(self.rank, self.sides[0])
        nn.init.kaiming_uniform_(down, a=math.sqrt(5), generator=generator)
        self.keep = keep
        self.down = nn.Parameter(down[keep].to(self.device, self.dtype))
        self.up = nn.Parameter(torch.zeros(self.sides[1], int(keep.sum()), dtype=self.dtype, device=self.device))
        self.scales = nn.Parameter(torch.ones(int(keep.sum()), dtype=self.dtype, device=self.device))

    def load(self, down: torch.Tensor, up: torch.Tensor) -> None:
        """Take A float[k, in] and B float[out, k] of elsewhere, lambda one; they count as the first k ranks."""
        self.keep = torch.arange(self.rank) < len(down)
        self.down, self.up = nn.Parameter(down.clone()), nn.Parameter(up.clone())
        self.scales = nn.Parameter(torch.ones(len(down), dtype=self.dtype, device=self.device))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The frozen layer's output and the adapter's."""
        out: torch.Tensor = self.base(x)
        if not self.up.shape[1]:
            return out
        inner = functional.linear(x, self.down) * clamped(self.scales)
        return out + self.scale * functional.linear(inner, self.up)


class Adapters:
    """The adapters of a network, in the order of its modules.

    Attributes:
        modules: name of the linear layer -> its adapter. rank: r_max.
        seed: of the one state that every adapter starts from, whoever the client and whatever the round.
    """

    def __init__(self, network: nn.Module, rank: int, alpha: float, seed: int = 0, exclude: Sequence[str] = ()) -> None:
        """Freeze the network and put an adapter on every linear layer that is not excluded.

        Args:
            alpha: r_max x s. exclude: shell patterns of layer names (heads).

        Raises:
            UserError: the network has no such layer.
        """
        network.requires_grad_(False)
        linear = {
            name: module
            for name, module in network.named_modules()
            if isinstance(module, nn.Linear) and not any(fnmatchcase(name, pattern) for pattern in exclude)
        }
        if not linear:
            raise UserError("The network has no linear layer to adapt (or exclude names them all).")
        self.rank, self.seed = rank, seed
        self.network = network
        self.modules: dict[str, BayesTuneLinear] = {}
        for name, module in linear.items():
            self.modules[name] = BayesTuneLinear(module, rank, alpha / rank)
            put(network, name, self.modules[name])

    @property
    def size(self) -> int:
        """Number of lambdas: layers x r_max."""
        return len(self.modules) * self.rank

    def reset(self, keep: torch.Tensor | None = None, scales: torch.Tensor | None = None) -> None:
        """Start anew; every layer has a stream of its own.

        Args:
            keep: bool[size], ranks that exist. scales: float[size], lambda of every rank, of which the kept are taken.
        """
        keep = torch.ones(self.size, dtype=torch.bool) if keep is None else keep
        for index, (name, module) in enumerate(self.modules.items()):
            mine = slice(index * self.rank, (index + 1) * self.rank)
            module.reset(derive_seed(self.seed, name, purpose="fedp2eft-lora"), keep[mine])
            if scales is not None:
                with torch.no_grad():
                    module.scales.copy_(scales[mine][keep[mine]])

    def scales(self) -> torch.Tensor:
        """float[size]: lambda in the allowed range; 0 where a rank was trimmed."""
        found = torch.zeros(self.size)
        for index, module in enumerate(self.modules.values()):
            found[index * self.rank : (index + 1) * self.rank][module.keep] = clamped(module.scales).detach()
        return found

    def weights(self) -> Iterator[nn.Parameter]:
        """A and B of all layers that kept a rank."""
        for module in self.modules.values():
            if module.up.shape[1]:
                yield from (module.down, module.up)

    def scale_parameters(self) -> Iterator[nn.Parameter]:
        """Lambda of all layers that kept a rank."""
        return (module.scales for module in self.modules.values() if module.up.shape[1])

    def parameters_kept(self) -> int:
        """Elements of A and B."""
        return sum(weight.numel() for weight in self.weights())

    def state(self) -> Mapping[str, Any]:
        """Layer name -> (A, B, lambda, kept ranks), of layers that kept one."""
        return {
            name: (module.down.detach(), module.up.detach(), clamped(module.scales).detach(), module.keep)
            for name, module in self.modules.items()
            if module.up.shape[1]
        }

    def detach(self) -> nn.Module:
        """Take the adapters off again; the network as it was."""
        for name, module in self.modules.items():
            put(self.network, name, module.base)
        return self.network


def put(network: nn.Module, name: str, module: nn.Module) -> None:
    """Replace a submodule by its dotted name."""
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent) if parent else network, last, module)

"""Scales that fold into weights: DiffFit's block scales and SSF's channel scales and shifts.

DiffFit (Xie et al. 2023, arXiv 2304.06648): beside biases and norms, one scale gamma on what each attention and each
feed-forward part of a block adds, x + gamma f(x), gamma = 1 at the start. Here gamma multiplies weight and bias of the
part's last linear layer, which is the same function. [recon] one number a part; the references name no shape.

SSF (Lian et al. 2022, arXiv 2210.08823): after each linear, convolution and norm layer, y -> gamma y + beta by channel,
gamma = 1 and beta = 0 at the start. It folds into the layer: gamma W and gamma b + beta. [recon] a layer without a bias
gets no beta, or the result would no longer fit the checkpoint's own classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Scaled(nn.Module):
    """A parametrization: tensor * gamma along the first dimension (gamma of one entry: everywhere).

    Args:
        gamma: shared with the other tensor of the layer.
    """

    def __init__(self, gamma: nn.Parameter) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, tensor: Tensor) -> Tensor:
        """The scaled tensor."""
        return tensor * self.gamma.view(-1, *[1] * (tensor.ndim - 1))


class ScaledShifted(nn.Module):
    """A parametrization of a bias: bias * gamma + beta."""

    def __init__(self, gamma: nn.Parameter) -> None:
        super().__init__()
        self.gamma = gamma
        self.beta = nn.Parameter(torch.zeros_like(gamma))

    def forward(self, bias: Tensor) -> Tensor:
        """The scaled and shifted bias."""
        return bias * self.gamma + self.beta


def one(layer: nn.Module, entries: int) -> nn.Parameter:
    """gamma at its start, on the layer's device."""
    weight: Tensor = next(layer.parameters())
    return nn.Parameter(torch.ones(entries, device=weight.device, dtype=weight.dtype))


def last_layers(network: nn.Module) -> dict[str, nn.Module]:
    """The layer that ends each attention and each feed-forward part: name -> linear (or 1 x 1 convolution)."""
    found: dict[str, nn.Module] = {}
    for name, module in network.named_modules():
        kind = type(module).__name__
        if kind.endswith("Attention"):
            for part in ("to_out", "to_add_out"):
                layer = getattr(module, part, None)
                if isinstance(layer, nn.ModuleList):
                    found[f"{name}.{part}.0"] = layer[0]
                elif isinstance(layer, nn.Linear):
                    found[f"{name}.{part}"] = layer
        elif kind == "FeedForward":
            index = max(i for i, each in enumerate(module.net) if isinstance(each, nn.Linear))
            found[f"{name}.net.{index}"] = module.net[index]
        elif kind == "GLUMBConv" and module.norm is None:
            found[f"{name}.conv_point"] = module.conv_point
    return found

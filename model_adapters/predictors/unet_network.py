"""A small U-Net (Ronneberger et al. 2015): two halvings, skip connections, works on cells of 2 x 2 pixels."""

from __future__ import annotations

import torch
from torch import nn


class UNet(nn.Module):
    """float32[n, 1, s, s] -> logits float32[n, structures, s, s]; s is a multiple of 8.

    The 2 x 2 pixels of a cell enter as four channels and leave as four logits of each structure (pixel shuffle), which
    costs a quarter of the same network on single pixels. Group normalisation, so an image's masks do not depend on the
    batch that it is in.

    Args:
        structures: number of masks. width: channels of the finest level.
    """

    def __init__(self, structures: int, width: int = 16) -> None:
        super().__init__()
        self.down = nn.ModuleList([_block(4, width), _block(width, 2 * width), _block(2 * width, 4 * width)])
        self.up = nn.ModuleList([_block(6 * width, 2 * width), _block(3 * width, width)])
        self.head = nn.Conv2d(width, 4 * structures, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits."""
        x = nn.functional.pixel_unshuffle(x, 2)
        fine = self.down[0](x)
        middle = self.down[1](nn.functional.max_pool2d(fine, 2))
        deep = self.down[2](nn.functional.max_pool2d(middle, 2))
        middle = self.up[0](torch.cat([_enlarged(deep), middle], 1))
        fine = self.up[1](torch.cat([_enlarged(middle), fine], 1))
        logits: torch.Tensor = nn.functional.pixel_shuffle(self.head(fine), 2)
        return logits


def _block(into: int, out: int) -> nn.Sequential:
    def layer(channels: int) -> list[nn.Module]:
        return [nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.GroupNorm(4, out), nn.ReLU(inplace=True)]

    return nn.Sequential(*layer(into), *layer(out))


def _enlarged(x: torch.Tensor) -> torch.Tensor:
    # Repeats pixels by a view, whose backward pass is a plain sum: the same bits every time, on accelerators too.
    n, channels, height, width = x.shape
    wide = x[:, :, :, None, :, None].expand(n, channels, height, 2, width, 2)
    return wide.reshape(n, channels, 2 * height, 2 * width)


def initialised(structures: int, width: int, share: list[float], seed: int) -> UNet:
    """A network with random weights that follow from the seed alone (several threads may make one at a time).

    Args:
        share: of the pixels that each structure covers: where the logits start, so that small ones are found early.
    """
    with torch.device("meta"):
        network = UNet(structures, width)
    network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu", generator=generator)
            elif isinstance(module, nn.GroupNorm):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
        assert network.head.bias is not None
        network.head.weight.mul_(0.1)
        network.head.bias.copy_(torch.logit(torch.tensor(share, dtype=torch.float32)).repeat_interleave(4))
    return network

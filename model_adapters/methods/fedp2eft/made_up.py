"""A federation whose truth is known: languages that differ from the base in one branch of the network each.

The design of the suite's pilot (training methods notes, 1.5): four parallel branches of 16 units (tanh) whose heads are
summed to six classes; a client of language k has inputs of that language's mean and scale, which its statistics show,
and a shift of low rank in branch k mod 4. So which layers a client should adapt is known, and no other layer can stand
in for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from data_splits.integrity import atomic_write

BRANCHES, WIDTH, CLASSES, SHIFT_RANK = 4, 16, 6, 6


class Branches(nn.Module):
    """Sum over branches b of head_b(tanh(inner_b(x_b))), x float[n, 4 x 16]."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(BRANCHES))
        self.heads = nn.ModuleList(nn.Linear(WIDTH, CLASSES) for _ in range(BRANCHES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits, float[n, 6]."""
        parts = x.split(WIDTH, dim=1)
        branches = zip(self.inner, self.heads, parts, strict=True)
        return torch.stack([head(torch.tanh(inner(part))) for inner, head, part in branches]).sum(dim=0)


def branches() -> nn.Module:
    """The network, for `network = "model_adapters.methods.fedp2eft.made_up:branches"`."""
    return Branches()


def made_up_federation(
    folder: Path, seed: int = 0, languages: int = 8, seen: int = 48, unseen: int = 16, train: int = 128, test: int = 400
) -> dict[str, Any]:
    """Write the base and the clients; the same bytes for the same arguments.

    Returns:
        The inputs `base`, `network`, `clients`, `unseen` and `exclude` of the method.
    """
    from safetensors.torch import save

    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.normal(size=shape).astype(np.float32))

    network = Branches()
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(normal(*weight.shape) * (WIDTH**-0.5 if weight.ndim == 2 else 0.1))
        for name, weight in network.named_parameters():
            if name.startswith("heads") and weight.ndim == 2:
                weight.mul_(3.0)
    _write(folder / "base.safetensors", save({n: w.detach().clone() for n, w in network.named_parameters()}))
    means, scales = normal(languages, BRANCHES * WIDTH) * 0.5, torch.exp(normal(languages, BRANCHES * WIDTH) * 0.3)
    shifts = [normal(WIDTH, SHIFT_RANK) @ normal(SHIFT_RANK, WIDTH) / WIDTH**0.5 for _ in range(languages)]
    files: dict[bool, list[str]] = {True: [], False: []}
    for index in range(seen + unseen):
        language, is_seen = index % languages, index < seen
        tensors = {}
        for part, examples in (("train", train), ("test", test)):
            x = means[language] + scales[language] * normal(examples, BRANCHES * WIDTH)
            layer: Any = network.inner[language % BRANCHES]
            with torch.no_grad():
                before = layer.weight.detach().clone()
                layer.weight += shifts[language]
                logits = network(x) + 0.3 * normal(examples, CLASSES)
                layer.weight.copy_(before)
            tensors[f"{part}.inputs"], tensors[f"{part}.targets"] = x, logits.argmax(dim=1)
        path = folder / f"{'seen' if is_seen else 'unseen'}-{index:02d}-language-{language}.safetensors"
        _write(path, save(tensors))
        files[is_seen].append(str(path))
    return {
        "base": str(folder / "base.safetensors"),
        "network": f"{__name__}:branches",
        "clients": files[True],
        "unseen": files[False],
        "exclude": ["heads.*"],
    }


def _write(path: Path, data: bytes) -> None:
    with atomic_write(path) as stream:
        stream.write(data)

"""The stages before learning, each kept on disk: targets of the float model, channel maxima, activation ranges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.integrity import atomic_write
from model_adapters.methods.mobilequant.modules import Site
from model_adapters.methods.mobilequant.network import last_hidden, parts, set_mode, widths_of
from model_adapters.methods.mobilequant.smooth import smoothing
from model_adapters.methods.mobilequant.texts import Item
from model_adapters.methods.mobilequant.transforms import attach, fuse

if TYPE_CHECKING:
    from torch import Tensor


def observe(model: Any, items: Sequence[Item]) -> None:
    """Run calibration sequences through the float model; every site then knows its range and channel maxima."""
    import torch

    for _, part in parts(model):
        if isinstance(part, Site):
            part.forget()
    set_mode(model, "observe")
    with torch.no_grad():
        for item in items:
            last_hidden(model, item.embeds)
    set_mode(model, "off")


def smooth(model: Any, items: Sequence[Item], alpha: float, pairs: Sequence[str], path: Path) -> None:
    """Fuse SmoothQuant's factors into the model; they are computed once and kept at `path`."""
    widths = widths_of(model.config)
    if not path.exists():
        observe(model, items)
        found = [smoothing(layer, widths, alpha, pairs) for layer in model.model.layers]
        write_tensors(path, {f"{i}.{name}": each for i, one in enumerate(found) for name, each in one.items()})
    stored = read_tensors(path, model)
    for number, layer in enumerate(model.model.layers):
        prefix = f"{number}."
        attach(layer, {n.removeprefix(prefix): t for n, t in stored.items() if n.startswith(prefix)}, widths)
        fuse(layer)


def ranges(model: Any, items: Sequence[Item], path: Path) -> None:
    """Set every site's scale and zero point from the range it shows in calibration, kept at `path`."""
    named = {name: part for name, part in parts(model) if isinstance(part, Site)}
    if not path.exists():
        observe(model, items)
        write_tensors(path, {f"{n}.{end}": getattr(p, end) for n, p in named.items() for end in ("low", "high")})
    stored = read_tensors(path, model)
    for name, part in named.items():
        part.low.copy_(stored[f"{name}.low"])
        part.high.copy_(stored[f"{name}.high"])
        part.settle()


def float_targets(model: Any, items: Sequence[Item], path: Path) -> list[Tensor]:
    """What enters the final norm of the float model, for each sequence; computed once and kept at `path`."""
    import torch

    if not path.exists():
        with torch.no_grad():
            write_tensors(path, {f"{i:05d}": last_hidden(model, item.embeds) for i, item in enumerate(items)})
    return [each for _, each in sorted(read_tensors(path, model).items())]


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Safely on disk, or not at all."""
    from safetensors.torch import save

    with atomic_write(path) as stream:
        stream.write(save({name: each.detach().cpu().contiguous() for name, each in tensors.items()}))


def read_tensors(path: Path, model: Any) -> dict[str, Tensor]:
    """Back, on the model's device."""
    from safetensors.torch import load_file

    return load_file(path, device=str(model.model.norm.weight.device))

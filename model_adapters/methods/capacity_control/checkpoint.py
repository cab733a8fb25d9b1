"""What a run leaves: an ordinary diffusers folder with the training folded in, and the small adapter beside it.

model/                        every part of the base, byte for byte, but for the denoiser
model/<unet|transformer>/     the base's config.json, the fine-tuned weights in one file
model/adapter.safetensors     what was trained, and nothing else (not written for most of a network)
model/training_cases.json     which cases were trained on, read by the generators that load the folder
model/card.json, loss.csv, loss.svg
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import atomic_write, canonical_json
from model_adapters.methods.capacity_control.adapting import Adapted, adapt

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.capacity_control.base import Located

ADAPTER, FACTS = "adapter.safetensors", "capacity-control"

COPIED = (".json", ".txt", ".model", ".safetensors")
"""Endings of files that a diffusers folder needs; no pickled weights, no README, no images."""

MOST = 0.5
"""An adapter of more than this share of the network is not written: it is the checkpoint once more."""


def copy_base(base: Located, folder: Path) -> None:
    """Start the folder anew with everything of the base besides its denoiser's weights."""
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("", *sorted(_parts(base.folder))):
        for file in sorted((base.folder / part).iterdir()):
            weights = file.name.endswith((".safetensors", ".safetensors.index.json"))
            if not file.is_file() or file.suffix not in COPIED or ".fp16." in file.name:
                continue
            if (part == base.part and weights) or (not part and file.name != "model_index.json"):
                continue
            (folder / part).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / part / file.name)
            (folder / part / file.name).chmod(0o644)


def _parts(folder: Path) -> list[str]:
    index: Mapping[str, Any] = json.loads((folder / "model_index.json").read_text("utf-8"))
    return [name for name, value in index.items() if isinstance(value, list) and (folder / name).is_dir()]


def write_denoiser(network: Any, folder: Path, dtype: str) -> Path:
    """The weights of a folded network, under the name that diffusers looks for.

    Raises:
        UserError: a weight that is no number.
    """
    import torch
    from safetensors.torch import save_file

    kind = getattr(torch, dtype)
    state = {name: each.detach().to("cpu", kind).contiguous().clone() for name, each in network.state_dict().items()}
    broken = [name for name, each in state.items() if not bool(each.isfinite().all())]
    if broken:
        raise UserError(f"{broken[0]} is not finite in {dtype}. Choose a smaller learning_rate, or dtype=float32.")
    file = folder / "diffusion_pytorch_model.safetensors"
    save_file(dict(sorted(state.items())), file, metadata={"format": "pt"})
    file.chmod(0o644)
    return file


def write_adapter(parameters: Mapping[str, Tensor], facts: Mapping[str, str], file: Path) -> None:
    """What was trained, in float32, with the facts that `apply_adapter` needs."""
    from safetensors.torch import save

    plain = {name: each.detach().float().cpu().contiguous() for name, each in parameters.items()}
    with atomic_write(file) as stream:
        # In one entry: the order of several follows from nothing, and equal adapters would differ in their bytes.
        stream.write(save(plain, {FACTS: canonical_json(dict(facts))}))


def apply_adapter(network: Any, file: Path) -> None:
    """Fold an adapter file into the base's denoiser, in place: the same weights as in the folder beside it.

    Raises:
        UserError: no adapter of this method, or one of another network.
    """
    import torch
    from safetensors import safe_open

    from model_adapters.methods.capacity_control.blocks import Allowed, blocks_of, read_mask

    with safe_open(file, "pt") as stream:
        told, stored = stream.metadata() or {}, {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    if FACTS not in told:
        raise UserError(f"{file.name} was not written by capacity-control.")
    facts = json.loads(told[FACTS])
    names = blocks_of(network)
    allowed = Allowed(names, read_mask(facts["mask"], names), facts["outside"] == "true")
    adapted: Adapted = adapt(network, facts["family"], allowed, int(facts["rank"]))
    if {name: each.shape for name, each in adapted.parameters.items()} != {n: each.shape for n, each in stored.items()}:
        raise UserError(f"{file.name} belongs to another model.")
    with torch.no_grad():
        for name, each in adapted.parameters.items():
            each.copy_(stored[name])
    adapted.fold()

"""A quantised model on disk: integers and float remainder in `quantised.safetensors`, every range in `encodings.json`.

Tensors: `N.NAME.codes` (uint8 or int8; below 5 bits two codes a byte, low half first; norm gains int32), `.scale`,
`.zero`, `.bias` for each projection and norm of layer N; embeddings, final norm and head under transformers' names, in
the type of the float model. `config.json` is the float model's configuration.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import atomic_write, write_json
from model_adapters.methods.mobilequant.modules import Norm, Projection, Site
from model_adapters.methods.mobilequant.network import convert, llama_of, parts, require_llama, set_mode
from model_adapters.methods.mobilequant.sites import Bits

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, ENCODINGS = "quantised.safetensors", "encodings.json"
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json")


def write_model(folder: Path, model: Any, bits: Bits, source: Path | None, title: str) -> None:
    """Write a frozen model under a title; `source` is the float model's folder, whose tokenizer goes along."""
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    for name, part in parts(model):
        if isinstance(part, Site):
            continue
        assert part.codes is not None
        assert part.scale is not None
        assert part.zero is not None
        tensors[f"{name}.codes"] = _packed(part)
        tensors[f"{name}.scale"], tensors[f"{name}.zero"] = part.scale, part.zero
        if isinstance(part, Projection) and part.bias is not None:
            tensors[f"{name}.bias"] = part.bias
    tensors |= _remainder(model)
    with atomic_write(folder / WEIGHTS) as stream:
        stream.write(save({name: each.detach().cpu().contiguous() for name, each in tensors.items()}))
    write_json(folder / ENCODINGS, {"name": title} | encodings_of(model, bits))
    config = model.config.to_dict()
    config.pop("_attn_implementation", None)
    write_json(folder / "config.json", config)
    for each in _TOKENIZER:
        if source is not None and (source / each).is_file():
            shutil.copyfile(source / each, folder / each)


def encodings_of(model: Any, bits: Bits) -> dict[str, Any]:
    """Every quantised tensor: bits, scale, zero point and range; plain JSON that another runtime can read.

    Value of a code: (code - zero) * scale. Scales are those of float32, written exactly.
    """
    activations, weights = {}, {}
    for name, part in parts(model):
        if isinstance(part, Site):
            scale, zero = float(part.scale), int(part.zero)
            low, high = ((bound - zero) * scale for bound in part.bounds)
            activations[name] = {"bits": part.bits, "scale": scale, "zero": zero, "min": low, "max": high}
        else:
            assert part.scale is not None
            assert part.zero is not None
            weights[name] = {
                "bits": part.bits,
                "symmetric": isinstance(part, Projection) and part.symmetric,
                "per_channel": isinstance(part, Projection) and part.per_channel,
                "scale": part.scale.flatten().tolist(),
                "zero": [int(each) for each in part.zero.flatten().tolist()],
            }
    scheme = {
        "label": bits.label, "weights": bits.weights, "activations": bits.activations, "wide": bits.wide,
        "symmetric_weights": bits.symmetric,
    }  # fmt: skip
    return {"encodings_version": 1, "scheme": scheme, "activations": activations, "weights": weights}


def read_model(folder: Path, device: str = "cpu") -> Any:
    """The quantised `LlamaForCausalLM` of a folder, in evaluation mode, its quantisers on.

    Raises:
        UserError: the folder is not one that `write_model` wrote, or it is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    for name in (WEIGHTS, ENCODINGS, "config.json"):
        if not (folder / name).is_file():
            raise UserError(f"{folder} holds no {name}. Name the folder work/model of a finished mobilequant run.")
    try:
        tensors = load_file(folder / WEIGHTS)
        encodings = json.loads((folder / ENCODINGS).read_text("utf-8"))
        if encodings["encodings_version"] != 1:
            raise UserError(f"{folder / ENCODINGS} has version {encodings['encodings_version']}; this program reads 1.")
        scheme = encodings["scheme"]
        bits = Bits(scheme["weights"], scheme["activations"], scheme["wide"], scheme["symmetric_weights"])
        return _filled(json.loads((folder / "config.json").read_text("utf-8")), bits, tensors, encodings).to(device)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        why = str(error).splitlines()[0]
        raise UserError(f"{folder} is no sound quantised model ({why}). Run the method again.") from error


def told_of(folder: Path) -> tuple[str, Bits]:
    """Name and scheme of a written model."""
    told = json.loads((folder / ENCODINGS).read_text("utf-8"))
    scheme = told["scheme"]
    bits = Bits(scheme["weights"], scheme["activations"], scheme["wide"], scheme["symmetric_weights"])
    return str(told["name"]), bits


def _filled(settings: dict[str, Any], bits: Bits, tensors: dict[str, Tensor], encodings: dict[str, Any]) -> Any:
    import torch
    from transformers import LlamaConfig

    config = LlamaConfig(**settings)
    require_llama(config, "The quantised model")
    model = llama_of(config, {n: each for n, each in tensors.items() if n.startswith(("model.", "lm_head."))})
    convert(model, bits)
    for name, part in parts(model):
        if isinstance(part, Site):
            found = encodings["activations"][name]
            if found["bits"] != part.bits:
                raise ValueError(f"{name} has {found['bits']} bits, its scheme {part.bits}")
            part.low, part.high = torch.tensor(torch.inf), torch.tensor(-torch.inf)
            part.scale, part.zero = torch.tensor(found["scale"]), torch.tensor(float(found["zero"]))
            continue
        part.scale, part.zero = tensors[f"{name}.scale"], tensors[f"{name}.zero"]
        part.codes = _unpacked(part, tensors[f"{name}.codes"])
        if part.codes.shape != part.weight.shape:
            raise ValueError(f"{name} has shape {tuple(part.codes.shape)}, not {tuple(part.weight.shape)}")
        part.refresh()
        if isinstance(part, Projection) and part.bias is not None:
            part.bias = tensors[f"{name}.bias"]
    set_mode(model, "on")
    return model.eval().requires_grad_(False)


def _remainder(model: Any) -> dict[str, Tensor]:
    """What stays in float."""
    found = {"model.embed_tokens.weight": model.model.embed_tokens.weight, "model.norm.weight": model.model.norm.weight}
    if not model.config.tie_word_embeddings:
        found["lm_head.weight"] = model.lm_head.weight
    return found


def _packed(part: Projection | Norm) -> Tensor:
    import torch

    assert part.codes is not None
    if isinstance(part, Norm):
        return part.codes.to(torch.int32)
    if part.bits > 4 or part.weight.shape[1] % 2:
        return part.codes.to(torch.int8 if part.symmetric else torch.uint8)
    halves = (part.codes % 16).to(torch.uint8)
    return halves[:, 0::2] | (halves[:, 1::2] << 4)


def _unpacked(part: Projection | Norm, stored: Tensor) -> Tensor:
    import torch

    if isinstance(part, Norm) or part.bits > 4 or part.weight.shape[1] % 2:
        return stored.long()
    codes = torch.stack([stored & 15, stored >> 4], dim=2).reshape(len(stored), -1).long()
    return torch.where(codes > 7, codes - 16, codes) if part.symmetric else codes

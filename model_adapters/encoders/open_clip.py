"""`open-clip`: an image-text model of the open_clip library from a folder, BiomedCLIP for one. Needs the vision extra.

`--encoders open-clip --encoder-weights open-clip=FOLDER_OR_ID`. The folder holds `open_clip_config.json` and
safetensors weights, as open_clip pushes them to a hub. Both halves are L2-normalised.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.encoders.weights import (
    cached_snapshot,
    file_sha256,
    hub_id,
    load_exactly,
    local_source,
    read_state_dict,
)
from model_adapters.protocols import BuildContext, Encoder, TextEncoder
from model_adapters.requirements import Missing

if TYPE_CHECKING:
    import torch

    from model_adapters.encoders.clip_processor import ClipProcessor

CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "model.safetensors")
FILTERS = {"bicubic": 3, "bilinear": 2}

_NAME_ONE = "Name a checkpoint: --encoder-weights open-clip=FOLDER or open-clip=OWNER/NAME (from the hub cache)."

CARD = ModelCard(
    name="open-clip",
    kind="encoder",
    source="any open_clip checkpoint that is named, say microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224",
    licence="that of the checkpoint",
    verified=False,
    settings={
        "features": "projected image and text features, L2-normalised",
        "input": "the checkpoint's own resizing and normalisation, by Pillow in 8 bit",
    },
    needs=("the vision extra (open_clip, torchvision)", "a checkpoint with safetensors weights"),
    notes=(
        "A text half that is a Hugging Face model needs that model's configuration and tokenizer in the hub cache.",
        "v1 and v2 preprocess alike; no published benchmark of this suite uses it.",
    ),
)


def build(context: BuildContext) -> Encoder:
    """The encoder and its text half.

    Raises:
        UserError: the extra is not installed, nothing was named, it is not on this machine, or it is not complete.
    """
    from model_adapters.encoders.joint_encoder import JointEncoder
    from model_adapters.encoders.preprocessing import Preprocessing
    from model_adapters.encoders.torch_encoder import require_float32
    from model_adapters.torchvision_extra import require

    require_float32(context)
    folder = _folder(context)
    if folder is None:
        missing = requirements(context)[0]
        raise UserError(f"No {missing.what} on this machine. {missing.how}")
    library = require("open_clip")
    weights = next(folder / name for name in WEIGHTS if (folder / name).is_file())
    config = _config(folder)
    try:
        network: Any = library.create_model(f"local-dir:{folder}", load_weights=False, pretrained_text=False)
        tokeniser: Any = library.get_tokenizer(f"local-dir:{folder}")
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{folder.name} cannot be built by open_clip ({reason}).") from error
    load_exactly(network, read_state_dict(weights, {}, instead="Use safetensors weights."), what=f"{folder.name}")
    processor = read_processor(config.get("preprocess_cfg", {}), network)
    card = CARD.model_copy(
        update={
            "source": hub_id(context) or f"local folder {folder.name}",
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
        }
    )
    hashes = {weights.name: file_sha256(weights)}
    text = _text_half(network, tokeniser, card, hashes, file_sha256(folder / CONFIG), context.device)
    return JointEncoder(
        card=card,
        network=network,
        forward=lambda batch: network.encode_image(batch, normalize=True),
        preprocessing=Preprocessing(processor.id, processor),
        dim=text.dim,
        weight_hashes=hashes,
        device=context.device,
        text=lambda: text,
    )


def requirements(context: BuildContext) -> list[Missing]:
    """The checkpoint, where none was named or it is not on this machine, and the extra."""
    import importlib.util

    from model_adapters.torchvision_extra import EXTRA

    lacking = []
    if _folder(context) is None:
        named = hub_id(context)
        what = "open_clip checkpoint" if named is None else f"checkpoint {named}"
        how = _NAME_ONE if named is None else f"`hf download {named}`, or {_NAME_ONE[0].lower()}{_NAME_ONE[1:]}"
        lacking.append(Missing(what, how))
    if importlib.util.find_spec("open_clip") is None:
        lacking.append(Missing("Python package open_clip", f"`{EXTRA}`"))
    return lacking


def read_processor(settings: Mapping[str, Any], network: Any) -> ClipProcessor:
    """open_clip's evaluation transform in numbers.

    Args:
        settings: `preprocess_cfg` of the configuration; what it lacks is the network's own.

    Raises:
        UserError: a way of resizing that is not known here.
    """
    from model_adapters.encoders.clip_processor import ClipProcessor

    size = settings.get("size")
    size = network.visual.image_size if size is None else size
    height, width = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
    mode, kernel = settings.get("resize_mode", "shortest"), settings.get("interpolation", "bicubic")
    if mode not in ("shortest", "squash") or kernel not in FILTERS or (mode == "shortest" and height != width):
        raise UserError(f"This checkpoint resizes by {mode!r} {kernel!r} to {height} x {width}: not known here.")
    shortest = mode == "shortest"
    return ClipProcessor(
        edge=height if shortest else None,
        shape=None if shortest else (height, width),
        crop=(height, width) if shortest else None,
        mean=tuple(settings.get("mean", getattr(network.visual, "image_mean", None) or _OPENAI_MEAN)),
        std=tuple(settings.get("std", getattr(network.visual, "image_std", None) or _OPENAI_STD)),
        kernel=FILTERS[kernel],
        scale=1 / 255,
        half_even=True,
    )


_OPENAI_MEAN = (0.48145466, 0.4578275, 0.40821073)
_OPENAI_STD = (0.26862954, 0.26130258, 0.27577711)


def _folder(context: BuildContext) -> Path | None:
    path = local_source(context)
    if path is not None:
        if not (path / CONFIG).is_file() or not any((path / name).is_file() for name in WEIGHTS):
            raise UserError(f"{path} is not an open_clip folder: it needs {CONFIG} and {WEIGHTS[0]}.")
        return path
    named = hub_id(context)
    if named is None:
        return None
    found = (cached_snapshot(named, (CONFIG, name)) for name in WEIGHTS)
    return next((folder for folder in found if folder is not None), None)


def _config(folder: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"Cannot read {folder / CONFIG}: {error}. Download the checkpoint again.") from error
    return config


def _text_half(
    network: Any, tokeniser: Any, card: ModelCard, hashes: Mapping[str, str], config_hash: str, device: str
) -> TextEncoder:
    from model_adapters.encoders.text_encoder import TorchTextEncoder

    def tokenise(text: str) -> Mapping[str, Sequence[int]]:
        tokens: list[int] = tokeniser([text])[0].tolist()
        return {"text": tokens}

    def forward(inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        features: torch.Tensor = network.encode_text(inputs["text"], normalize=True)
        return features

    return TorchTextEncoder(
        card=card,
        network=network,
        tokenise=tokenise,
        forward=forward,
        tokeniser_id=f"{type(tokeniser).__name__}/{config_hash}",
        dim=_width(network, tokenise("a"), forward),
        weight_hashes=hashes,
        device=device,
    )


def _width(network: Any, tokens: Mapping[str, Sequence[int]], forward: Any) -> int:
    """Length of a feature, found by asking once."""
    import torch

    network.eval()
    with torch.inference_mode():
        return int(forward({key: torch.tensor([list(value)]) for key, value in tokens.items()}).shape[1])

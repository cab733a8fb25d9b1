"""`clip`: any image-text model of transformers with joint features (CLIP, SigLIP, AltCLIP, ...), named by the user.

`--encoders clip --encoder-weights clip=FOLDER_OR_ID`. Both halves are L2-normalised, so their cosine is the model's own
similarity (Radford et al. 2021, arXiv 2103.00020; a CLIPScore of Hessel et al. 2021 without its factor).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_splits.errors import UserError
from data_splits.integrity import content_hash
from model_adapters.card import ModelCard
from model_adapters.encoders.weights import cached_snapshot, file_sha256, hub_id, local_source
from model_adapters.protocols import BuildContext, Encoder, TextEncoder
from model_adapters.requirements import Missing

if TYPE_CHECKING:
    import torch

FILES = ("config.json", "preprocessor_config.json", "model.safetensors")
TOKENISER_FILES = ("tokenizer.json", "vocab.json", "merges.txt", "vocab.txt", "spiece.model", "tokenizer.model")
PADDED = frozenset({"siglip", "siglip2"})
"""Model types that were trained on texts padded to full length, and must be asked so."""

_NAME_ONE = "Name a checkpoint: --encoder-weights clip=FOLDER or clip=OWNER/NAME (from the hub cache)."

CARD = ModelCard(
    name="clip",
    kind="encoder",
    source="any CLIP-type checkpoint of transformers that the user names",
    licence="that of the checkpoint",
    verified=False,
    settings={
        "features": "projected image and text features, L2-normalised",
        "input": "the checkpoint's own image processor, by Pillow in 8 bit",
    },
    needs=("a checkpoint with safetensors weights",),
    notes=(
        "Trained on photographs unless the checkpoint says otherwise: read the mismatched control beside the cosine.",
        "Texts are cut to the model's length (77 tokens for CLIP).",
        "v1 and v2 preprocess alike; no published benchmark of this suite uses it.",
    ),
)


def build(context: BuildContext) -> Encoder:
    """The encoder and its text half from a folder, or from the hub cache of the repository the user names.

    Raises:
        UserError: nothing was named, it is not on this machine, or it is not a complete model with joint features.
    """
    from model_adapters.encoders.clip_processor import ClipProcessor
    from model_adapters.encoders.joint_encoder import JointEncoder
    from model_adapters.encoders.preprocessing import Preprocessing
    from model_adapters.encoders.torch_encoder import require_float32

    require_float32(context)
    folder = _folder(context)
    if folder is None:
        missing = requirements(context)[0]
        raise UserError(f"No {missing.what} on this machine. {missing.how}")
    network = _network(folder)
    processor = ClipProcessor.read(folder)
    hashes = {path.name: file_sha256(path) for path in sorted(folder.glob("*.safetensors"))}
    card = CARD.model_copy(
        update={
            "source": hub_id(context) or f"local folder {folder.name}",
            "revision": folder.name if len(folder.name) == 40 else None,
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
            "settings": {**CARD.settings, "model_type": str(network.config.model_type)},
        }
    )
    text = _text_half(network, folder, card, hashes, context.device)

    def forward(batch: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.nn.functional.normalize(_pooled(network.get_image_features(pixel_values=batch)), dim=1)

    return JointEncoder(
        card=card,
        network=network,
        forward=forward,
        preprocessing=Preprocessing(processor.id, processor),
        dim=text.dim,
        weight_hashes=hashes,
        device=context.device,
        text=lambda: text,
    )


def requirements(context: BuildContext) -> list[Missing]:
    """The checkpoint, where none was named or it is not on this machine."""
    if _folder(context) is not None:
        return []
    named = hub_id(context)
    if named is None:
        return [Missing("CLIP-type checkpoint", _NAME_ONE)]
    return [Missing(f"checkpoint {named}", f"`hf download {named}`, or {_NAME_ONE[0].lower()}{_NAME_ONE[1:]}")]


def _folder(context: BuildContext) -> Path | None:
    path = local_source(context)
    if path is not None:
        if not (path / "config.json").is_file() or not any(path.glob("*.safetensors")):
            raise UserError(f"{path} is not a checkpoint folder: it needs config.json and model.safetensors.")
        return path
    named = hub_id(context)
    return None if named is None else cached_snapshot(named, FILES)


def _network(folder: Path) -> Any:
    from transformers import AutoModel

    from model_adapters.encoders.transformers_folder import load_pretrained

    network = load_pretrained(AutoModel, folder, "image-text model")
    if not (hasattr(network, "get_image_features") and hasattr(network, "get_text_features")):
        raise UserError(
            f"{folder.name} holds a {network.config.model_type!r} model, which has no joint image and text features. "
            "Use a CLIP-type checkpoint."
        )
    return network


def _text_half(network: Any, folder: Path, card: ModelCard, hashes: Mapping[str, str], device: str) -> TextEncoder:
    from transformers import AutoTokenizer

    from model_adapters.encoders.text_encoder import TorchTextEncoder
    from model_adapters.encoders.transformers_folder import quiet_transformers

    try:
        with quiet_transformers():
            tokeniser = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise UserError(f"{folder.name} has no tokenizer that loads: download the whole checkpoint.") from error
    config = network.config.text_config
    limit = min(int(tokeniser.model_max_length), int(config.max_position_embeddings))
    padding = "max_length" if network.config.model_type in PADDED else False
    files = {name: file_sha256(folder / name) for name in TOKENISER_FILES if (folder / name).is_file()}

    def tokenise(text: str) -> Mapping[str, Sequence[int]]:
        encoded: Mapping[str, Sequence[int]] = tokeniser(text, truncation=True, max_length=limit, padding=padding)
        return dict(encoded)

    def forward(inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return _pooled(network.get_text_features(**inputs))

    return TorchTextEncoder(
        card=card,
        network=network,
        tokenise=tokenise,
        forward=forward,
        tokeniser_id=content_hash([files, limit, str(padding)]),
        dim=_width(network, tokenise("a"), forward),
        weight_hashes=hashes,
        device=device,
    )


def _width(network: Any, tokens: Mapping[str, Sequence[int]], forward: Any) -> int:
    """Length of a feature, found by asking once: the models' settings name it differently."""
    import torch

    network.eval()
    with torch.inference_mode():
        return int(forward({key: torch.tensor([list(value)]) for key, value in tokens.items()}).shape[1])


def _pooled(output: Any) -> torch.Tensor:
    """The feature, which newer versions of transformers wrap into an output object."""
    import torch

    found = output if isinstance(output, torch.Tensor) else output.pooler_output
    assert isinstance(found, torch.Tensor)
    return found

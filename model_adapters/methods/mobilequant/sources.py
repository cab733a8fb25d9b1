"""What can be quantised: a folder of a Llama checkpoint, the packaged SmolLM2, the embedded VLM's language model."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.methods.mobilequant.network import llama_of, require_llama

SMOLLM2, EMBEDDED = "smollm2", "embedded"


@dataclass
class Source:
    """A float model and what goes with it.

    Attributes:
        name: as the user named it. model: a `LlamaForCausalLM` in float32. tokenizer: of `tokenizers`, or None.
        licence: of the weights. hashes: file -> sha256. folder: of its configuration, where it is one.
        vlm: the vision-language model around it, or None.
    """

    name: str
    model: Any
    tokenizer: Any
    licence: str
    hashes: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None
    vlm: Any = None


def open_source(text: str, device: str = "cpu") -> Source:
    """Load a model by name or folder.

    Raises:
        UserError: no such model, not of the Llama class, without projections, or in a format that is not safetensors.
    """
    if text == SMOLLM2:
        from model_adapters.vlms import smollm2

        state, tokenizer = smollm2.load()
        model = smollm2.new_model(state).to(device)
        return Source(text, model, tokenizer, "Apache-2.0", {smollm2.FILE: smollm2.SHA256})
    if text == EMBEDDED:
        from model_adapters.protocols import BuildContext
        from model_adapters.vlms import embedded_quantised

        vlm = embedded_quantised.open_float(BuildContext(device=device))
        return Source(text, vlm.language, vlm.tokenizer, vlm.card.licence, dict(vlm.card.weight_hashes), vlm=vlm)
    return _open_folder(text, Path(text).expanduser(), device)


def _open_folder(text: str, folder: Path, device: str) -> Source:
    from safetensors.torch import load_file
    from transformers import LlamaConfig

    path = folder / "config.json"
    if not path.is_file():
        raise UserError(
            f"{text} is no folder of a language model: it holds no config.json. "
            f"Name such a folder, {SMOLLM2} or {EMBEDDED}."
        )
    try:
        settings = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not readable JSON ({error}). Copy the checkpoint again.") from error
    if settings.get("model_type") != "llama":
        kind = settings.get("model_type") or settings.get("_class_name") or "unknown"
        raise UserError(
            f"{text} is a {kind!r} model. MobileQuant here quantises Llama-class models (model_type llama)."
        )
    config = LlamaConfig(**settings)
    require_llama(config, text)
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise UserError(f"{text} holds no .safetensors file. Save the model with save_pretrained first.")
    _require_projections(text, files, config)
    state = {name: each.float() for file in files for name, each in load_file(file).items()}
    model = llama_of(config, state)
    tokenizer = None
    if (folder / "tokenizer.json").is_file():
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    hashes = {each.name: sha256_file(each) for each in files}
    return Source(folder.name, model.to(device), tokenizer, "that of the float model", hashes, folder)


def _require_projections(text: str, files: list[Path], config: Any) -> None:
    """Every layer has its seven linear layers: transformers would make up what is missing."""
    from safetensors import SafetensorError, safe_open

    names: set[str] = set()
    for file in files:
        try:
            with safe_open(file, "pt") as stream:
                names |= set(stream.keys())
        except SafetensorError as error:
            raise UserError(f"{file} is not a readable safetensors file ({error}). Copy it again.") from error
    parts = {"self_attn": "qkvo", "mlp": ("gate", "up", "down")}
    wanted = [
        f"model.layers.{layer}.{part}.{each}_proj.weight"
        for layer in range(config.num_hidden_layers)
        for part, each_of in parts.items()
        for each in each_of
    ]
    missing = [name for name in wanted if name not in names]
    if missing:
        what = "no linear layer of a Llama model" if len(missing) == len(wanted) else f"no {missing[0]}"
        raise UserError(f"{text} holds {what}. Name a complete checkpoint: linear layers are what is quantised.")

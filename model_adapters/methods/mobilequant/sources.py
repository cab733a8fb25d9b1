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
FLOATS = ("F64", "F32", "F16", "BF16")
"""Types of safetensors that are weights as they are; 8-bit floats come with scales that nothing here reads."""


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

    path = folder / "config.json"
    if not path.is_file():
        raise UserError(
            f"{text or 'model'} is no folder of a language model: it holds no config.json. "
            f"Name such a folder, {SMOLLM2} or {EMBEDDED}."
        )
    config = _config_of(text, path)
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise UserError(f"{text} holds no .safetensors file. Save the model with save_pretrained first.")
    _require_whole(text, files, config)
    state = {name: each.float() for file in files for name, each in load_file(file).items()}
    for name, each in state.items():
        if not bool(each.isfinite().all()):
            raise UserError(f"{text} holds numbers that are not finite in {name}. Copy the checkpoint again.")
    model = llama_of(config, state)
    tokenizer = None
    if (folder / "tokenizer.json").is_file():
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    hashes = {each.name: sha256_file(each) for each in files}
    return Source(folder.name, model.to(device), tokenizer, "that of the float model", hashes, folder)


def _config_of(text: str, path: Path) -> Any:
    """The `LlamaConfig` of a folder, of a model with layers."""
    from huggingface_hub.errors import StrictDataclassError
    from transformers import LlamaConfig

    try:
        settings = json.loads(path.read_text("utf-8"))
        if not isinstance(settings, dict):
            raise ValueError("it is no table of settings")
    except ValueError as error:
        raise UserError(f"{path} is not readable JSON ({error}). Copy the checkpoint again.") from error
    if settings.get("model_type") != "llama":
        kind = settings.get("model_type") or settings.get("_class_name") or "unknown"
        raise UserError(
            f"{text} is a {kind!r} model. MobileQuant here quantises Llama-class models (model_type llama)."
        )
    try:
        config = LlamaConfig(**settings)
        require_llama(config, text)
        if config.num_hidden_layers < 1:
            raise ValueError("it has no layers")
    except (StrictDataclassError, ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        why = str(error).splitlines()[-1].strip()
        raise UserError(f"{path} describes no Llama model ({why}). Copy the checkpoint again.") from error
    return config


def _require_whole(text: str, files: list[Path], config: Any) -> None:
    """Every tensor of the model is there, in its shape and in a float type: transformers would make up what is missing,
    and integers without their scales would be taken for weights."""
    import torch
    from safetensors import SafetensorError, safe_open
    from transformers import LlamaForCausalLM

    found: dict[str, tuple[tuple[int, ...], str]] = {}
    for file in files:
        try:
            with safe_open(file, "pt") as stream:
                for name in stream.keys():  # noqa: SIM118
                    part = stream.get_slice(name)
                    found[name] = tuple(part.get_shape()), part.get_dtype()
        except SafetensorError as error:
            raise UserError(f"{file} is not a readable safetensors file ({error}). Copy it again.") from error
    with torch.device("meta"):
        wanted = {name: tuple(each.shape) for name, each in LlamaForCausalLM(config).state_dict().items()}
    if config.tie_word_embeddings:
        wanted.pop("lm_head.weight", None)
    missing = [name for name in wanted if name not in found]
    if missing:
        linears = [name for name in wanted if "_proj." in name]
        what = "no linear layer of a Llama model" if set(linears) <= set(missing) else f"no {missing[0]}"
        raise UserError(f"{text} holds {what}. Name a complete checkpoint: linear layers are what is quantised.")
    for name, shape in wanted.items():
        if found[name][0] != shape:
            raise UserError(
                f"{text} holds {name} of shape {found[name][0]}, and config.json wants {shape}. "
                "Copy the checkpoint again."
            )
        if found[name][1] not in FLOATS:
            raise UserError(
                f"{text} holds {name} as {found[name][1]}: it is quantised already. Name the float checkpoint."
            )

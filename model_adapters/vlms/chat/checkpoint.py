"""A checkpoint folder of a chat model: where it lies, whether it is whole, the hashes of its weights. No network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.generators.diffusers_checkpoint import cached_folder
from model_adapters.protocols import BuildContext
from model_adapters.requirements import Missing

_PROCESSORS = ("processor_config.json", "preprocessor_config.json")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")


def locate(context: BuildContext, name: str, default: str) -> tuple[str, Path | None]:
    """(what a record calls the checkpoint, its folder or None where the hub's cache lacks it).

    A local folder is named by its last part only.

    Raises:
        UserError: the target is neither a folder nor a hub id.
    """
    target = str(context.weights) if context.weights else context.target
    if target is None:
        return default, cached_folder(default)
    path = Path(target).expanduser()
    if path.is_dir():
        return f"local:{path.resolve().name}", path
    if target.count("/") == 1 and not target.startswith((".", "/", "~")):
        return target, cached_folder(target)
    raise UserError(f"No checkpoint folder at {path}. Use --vlm {name}, {name}:/path/to/folder or {name}:OWNER/NAME.")


def configuration(folder: Path) -> dict[str, Any]:
    """config.json as it stands, {} where it cannot be read."""
    try:
        return dict(json.loads((folder / "config.json").read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def incomplete(folder: Path, model_types: tuple[str, ...], source: str) -> list[Missing]:
    """What a folder lacks to be loaded from safetensors as one of the model types; empty if it is whole."""
    fetch = f"copy the whole checkpoint, or: hf download {source}" if "/" in source else "copy the whole checkpoint"
    found = configuration(folder).get("model_type")
    if found is None:
        return [Missing(f"config.json in {folder}", fetch)]
    if found not in model_types:
        wanted = " or ".join(model_types)
        return [
            Missing(f"a {wanted} checkpoint ({folder} is a {found})", "point to another folder, or use its adapter")
        ]
    missing = []
    if not any((folder / name).exists() for name in _PROCESSORS):
        missing.append(Missing(f"the processor's configuration ({' or '.join(_PROCESSORS)}) in {folder}", fetch))
    if not any((folder / name).exists() for name in _TOKENIZERS):
        missing.append(Missing(f"the tokenizer in {folder}", fetch))
    shards = {shard for index in folder.glob("*.safetensors.index.json") for shard in _shards(index)}
    absent = sorted(shard for shard in shards if not (folder / shard).exists())
    if absent or not any(folder.glob("*.safetensors")):
        what = f"{len(absent)} of {len(shards)} weight files" if absent else "the weights"
        missing.append(Missing(f"{what} of {source}", f"{fetch} (weights as .safetensors)"))
    return missing


def _shards(index: Path) -> set[str]:
    return set(json.loads(index.read_text("utf-8"))["weight_map"].values())


def weight_hashes(folder: Path) -> dict[str, str]:
    """File name -> sha256: configuration, tokenizer, chat template, processor and all weights."""
    names = ("config.json", *_PROCESSORS, *_TOKENIZERS, "chat_template.jinja", "chat_template.json")
    files = [folder / name for name in names if (folder / name).exists()]
    return {path.name: sha256_file(path) for path in [*files, *sorted(folder.glob("*.safetensors"))]}

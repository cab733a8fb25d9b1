"""A diffusers checkpoint folder: where it lies, whether it is whole, and the hashes of its weights. Never downloads."""

from __future__ import annotations

import json
from pathlib import Path

from data_splits.integrity import sha256_file
from model_adapters.requirements import Missing

LARGE = 10**9
"""Bytes of weights above which a run on a CPU is asked about first."""

_WEIGHTLESS = ("tokenizer", "scheduler", "feature_extractor", "image_processor")


def quiet() -> None:
    """Silence the loaders' progress bars and a notice about `torch_dtype`, which diffusers 0.35 still needs.

    Warnings are silenced too: those about long prompts quote them, and a prompt may be credentialed text.
    """
    import warnings

    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    warnings.filterwarnings("ignore", message=".*torch_dtype.*", category=FutureWarning)


def cached_folder(repository: str, revision: str | None = None) -> Path | None:
    """The snapshot of a hub repository in the local cache, or None."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def revision(folder: Path) -> str | None:
    """The commit of a snapshot in the hub's cache, None for any other folder."""
    return folder.name if folder.parent.name == "snapshots" else None


def incomplete(folder: Path, pipeline: str, source: str) -> list[Missing]:
    """What a checkpoint folder lacks to be loaded from safetensors as `pipeline`; empty if it is whole."""
    index = folder / "model_index.json"
    fetch = f"copy the whole checkpoint, or: hf download {source}" if "/" in source else "copy the whole checkpoint"
    try:
        parts = json.loads(index.read_text("utf-8"))
    except (OSError, ValueError):
        return [Missing(f"model_index.json of a diffusers checkpoint in {folder}", fetch)]
    if parts.get("_class_name") != pipeline:
        found = parts.get("_class_name")
        return [Missing(f"a {pipeline} checkpoint ({folder} is a {found})", "point to another folder")]
    names = [name for name, value in parts.items() if isinstance(value, list) and value[0] is not None]
    lacking = [name for name in sorted(names) if not _has_part(folder / name, name)]
    return [Missing(f"the part {name} of {source}", f"{fetch} (weights as .safetensors)") for name in lacking]


def _has_part(folder: Path, name: str) -> bool:
    if name.startswith(_WEIGHTLESS):
        return any(folder.glob("*.json"))
    shards = {shard for index in folder.glob("*.safetensors.index.json") for shard in _shards(index)}
    whole = any(".fp16." not in path.name for path in folder.glob("*.safetensors"))
    return whole and all((folder / shard).exists() for shard in shards)


def _shards(index: Path) -> set[str]:
    return set(json.loads(index.read_text("utf-8"))["weight_map"].values()) if ".fp16." not in index.name else set()


def weight_hashes(folder: Path) -> dict[str, str]:
    """File name below the folder -> sha256, for the index and all weights."""
    files = [folder / "model_index.json", *sorted(folder.glob("*/*.safetensors"))]
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in files}


def is_large(folder: Path) -> bool:
    """Whether the weights are too many for a quick run on a CPU."""
    return sum(path.stat().st_size for path in folder.glob("*/*.safetensors")) > LARGE

"""Vision-language models by name. Importing this imports no adapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from data_splits.errors import UserError
from model_adapters.protocols import VisionLanguageModel
from model_adapters.registry import Registry, split_target

_HERE = "model_adapters.vlms"

VLMS: Registry[VisionLanguageModel] = Registry(
    kind="vision-language model",
    group="model_adapters.vlms",
    entries={
        "constant": f"{_HERE}.constant:build",
        "idefics2": f"{_HERE}.idefics2:build",
        "idefics3": f"{_HERE}.idefics3:build",
        "internvl": f"{_HERE}.internvl:build",
        "llava": f"{_HERE}.llava:build",
        "llava-interleave": f"{_HERE}.llava_interleave:build",
        "llava-next": f"{_HERE}.llava_next:build",
        "llava-onevision": f"{_HERE}.llava_onevision:build",
        "mantis": f"{_HERE}.mantis:build",
        "openai": f"{_HERE}.openai:build",
        "qwen2-vl": f"{_HERE}.qwen2_vl:build",
        "qwen2.5-vl": f"{_HERE}.qwen2_5_vl:build",
        "qwen3-vl": f"{_HERE}.qwen3_vl:build",
        "smolvlm": f"{_HERE}.smolvlm:build",
        "text-only": f"{_HERE}.text_only:build",
    },
    aliases={"majority": "text-only"},
)

_MODEL_TYPES: dict[str, str] = {}
"""`model_type` in a checkpoint's config.json -> the adapter that runs it."""


def parse_vlm(text: str) -> tuple[str, str | None]:
    """Turn what stands after `--vlm` into (registry name, target).

    `NAME`, `NAME:TARGET`, or a local checkpoint folder (-> the adapter of the `model_type` in its config.json).

    Raises:
        UserError: an unknown name, or a folder of which no adapter is known.
    """
    name, target = split_target(text)
    path = Path(text).expanduser()
    known = {*VLMS.targets, *(alias for each in VLMS.names() for alias in VLMS.aliases(each))}
    if name in known or not path.exists():
        return VLMS.resolve(name), target
    config = path / "config.json"
    if not config.is_file():
        raise UserError(f"{path} is no checkpoint folder: it holds no config.json. Use --vlm NAME or NAME:FOLDER.")
    adapter = adapter_of(json.loads(config.read_text("utf-8")))
    if adapter is None:
        kind = json.loads(config.read_text("utf-8")).get("model_type")
        raise UserError(
            f"No adapter runs a {kind!r} checkpoint ({path}). Known: {', '.join(sorted(_MODEL_TYPES))}. "
            "Serve it (vLLM, SGLang, llama.cpp) and use --vlm openai:MODEL --model-option base_url=URL."
        )
    return adapter, str(path)


def adapter_of(config: dict[str, Any]) -> str | None:
    """The adapter for a checkpoint's configuration, or None."""
    return _MODEL_TYPES.get(str(config.get("model_type")))

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
        "embedded": f"{_HERE}.embedded:build",
        "embedded-quantised": f"{_HERE}.embedded_quantised:build",
        "embedded-tuned": f"{_HERE}.embedded_tuned:build",
        "emu2": f"{_HERE}.emu2:build",
        "idefics2": f"{_HERE}.idefics2:build",
        "idefics3": f"{_HERE}.idefics3:build",
        "internvl": f"{_HERE}.internvl:build",
        "llava": f"{_HERE}.llava:build",
        "llava-interleave": f"{_HERE}.llava_interleave:build",
        "llava-next": f"{_HERE}.llava_next:build",
        "llava-onevision": f"{_HERE}.llava_onevision:build",
        "longva": f"{_HERE}.longva:build",
        "mantis": f"{_HERE}.mantis:build",
        "openai": f"{_HERE}.openai:build",
        "phi-3-vision": f"{_HERE}.phi_3_vision:build",
        "phi-4-multimodal": f"{_HERE}.phi_4_multimodal:build",
        "pixel": f"{_HERE}.pixel:build",
        "qwen-vl-chat": f"{_HERE}.qwen_vl_chat:build",
        "qwen2-vl": f"{_HERE}.qwen2_vl:build",
        "qwen2.5-vl": f"{_HERE}.qwen2_5_vl:build",
        "qwen3-vl": f"{_HERE}.qwen3_vl:build",
        "smolvlm": f"{_HERE}.smolvlm:build",
        "text-only": f"{_HERE}.text_only:build",
        "vila": f"{_HERE}.vila:build",
        "vllm": f"{_HERE}.vllm:build",
        "xcomposer2": f"{_HERE}.xcomposer2:build",
        "xcomposer2.5": f"{_HERE}.xcomposer2_5:build",
    },
    aliases={
        "majority": "text-only",
        "llava-1.5": "llava",
        "llava-1.6": "llava-next",
        "llava-ov": "llava-onevision",
        "smolvlm2": "smolvlm",
    },
)

_MODEL_TYPES = {
    "idefics2": "idefics2",
    "idefics3": "idefics3",
    "internvl": "internvl",
    "llava": "llava",
    "llava_next": "llava-next",
    "llava_onevision": "llava-onevision",
    "phi4_multimodal": "phi-4-multimodal",
    "qwen2_vl": "qwen2-vl",
    "qwen2_5_vl": "qwen2.5-vl",
    "qwen3_vl": "qwen3-vl",
    "qwen3_vl_moe": "qwen3-vl",
    "smolvlm": "smolvlm",
}
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
    settings = json.loads(config.read_text("utf-8"))
    adapter = adapter_of(settings)
    if adapter is None:
        raise UserError(
            f"No adapter runs a {settings.get('model_type')!r} checkpoint ({path}). Known: {', '.join(_MODEL_TYPES)}. "
            "Serve it (vLLM, SGLang, llama.cpp) and use --vlm openai:MODEL --model-option base_url=URL."
        )
    return adapter, str(path)


def adapter_of(config: dict[str, Any]) -> str | None:
    """The adapter for a checkpoint's configuration, or None. LLaVA-interleave is the LLaVA class over Qwen."""
    kind = str(config.get("model_type"))
    if kind == "llava" and str(config.get("text_config", {}).get("model_type", "")).startswith("qwen"):
        return "llava-interleave"
    return _MODEL_TYPES.get(kind)

"""Phi-4-multimodal, the successor of Phi-3-vision that transformers has natively: tiles of 448 px, vision by a LoRA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from data_splits.errors import UserError
from model_adapters.protocols import BuildContext
from model_adapters.requirements import Missing
from model_adapters.vlms.chat import checkpoint, plans
from model_adapters.vlms.chat.family import Family, ImagePlan, Loading, Size, chat_card, load_model
from model_adapters.vlms.chat.needs import hooks, missing

CARD = chat_card(
    name="phi-4-multimodal",
    source="microsoft/Phi-4-multimodal-instruct",
    licence="MIT",
    parameters=5_574_460_384,
    download_gb=12.6,
    memory_gb=18,
    notes=(
        "Needs a checkpoint in transformers' own form (model_type phi4_multimodal); the repository's first form "
        "(phi4mm) is remote code. Without the adapter in its folder vision-lora the language model does not see well: "
        "that folder is required.",
        "Phi-3-vision, which the published MIRB table has, runs through a server only.",
    ),
)

_BASE = 256 + 1 + 16
"""Tokens of the global view of 448 px with its separators; fixed in the processor."""


def load(loading: Loading) -> tuple[Any, Any]:
    """Processor, and the model with its vision adapter switched on."""
    from transformers import AutoModelForCausalLM, AutoProcessor

    processor = AutoProcessor.from_pretrained(str(loading.folder), local_files_only=True)
    model = load_model(AutoModelForCausalLM, loading)
    model.load_adapter(str(loading.folder / "vision-lora"), adapter_name="vision")
    model.set_adapter("vision")
    return processor, model


def plan(processor: Any, sizes: Sequence[Size], room: int, options: Mapping[str, Any]) -> ImagePlan:
    """A global view and up to `max_tiles` tiles per image (0: the checkpoint's own), fewer until all images fit."""
    images = processor.image_processor
    most = int(options["max_tiles"]) or int(images.dynamic_hd)
    side, patch = images.size["height"], images.patch_size

    def at(cap: int) -> ImagePlan:
        return ImagePlan(tuple(tokens(size, side, patch, cap) for size in sizes), {"dynamic_hd": cap})

    return plans.largest((at(cap) for cap in range(most, 0, -1)), room)


def tokens(size: Size, side: int, patch: int, most: int) -> int:
    """Tokens of an image: the global view, one per 2 x 2 patches that are no padding, and one per row of those.

    Source: dynamic_preprocess and _preprocess of `transformers`' Phi4Multimodal image processor.
    """
    height, width = size
    columns, rows = -(-width // side), -(-height // side)
    if columns * rows > most:
        columns, rows = plans.tile_canvas(size, (side, side), 1, most)
    grid = side // patch
    mask = np.ones((grid * rows, grid * columns), bool)
    wide, high = side * columns / width, side * rows / height
    right = 0 if wide < high else side * columns - int(width * high)
    below = side * rows - int(height * wide) if wide < high else 0
    if right >= patch:
        mask[:, -(right // patch) :] = False
    if below >= patch:
        mask[-(below // patch) :] = False
    halved = mask[::2, ::2]
    return _BASE + int(halved.sum()) + int(halved[:, 0].sum())


FAMILY = Family(
    card=CARD,
    plan=plan,
    model_types=("phi4_multimodal",),
    options={"max_tiles": 0, "image_tokens": 32768},
    load=load,
    extras=("torchvision", "peft"),
    rule="about 545 tokens for 448 x 448 px; tiles lowered from 36 until all images fit into image_tokens",
)

OPTIONS = FAMILY.defaults
_, estimate, build_whole = hooks(FAMILY)


def requirements(context: BuildContext) -> list[Missing]:
    """As for every family, and the vision adapter."""
    lacks = missing(context, FAMILY)
    source, folder = checkpoint.locate(context, CARD.name, CARD.source)
    if folder is not None and not (folder / "vision-lora" / "adapter_model.safetensors").exists():
        lacks.append(Missing(f"the folder vision-lora of {source}", "copy the whole checkpoint"))
    return lacks


def build(context: BuildContext) -> Any:
    """`phi-4-multimodal`, `phi-4-multimodal:/path/to/folder`.

    Raises:
        UserError: something is missing, and how to get it.
    """
    lacks = requirements(context)
    if lacks:
        raise UserError("\n".join(f"{each.what} is missing: {each.how}" for each in lacks))
    return build_whole(context)

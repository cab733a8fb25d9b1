"""LLaVA-NeXT (1.6): base-tile mode by default, 576 tokens per image; AnyRes takes up to five times as many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data_splits.errors import UserError
from model_adapters.vlms.chat import plans
from model_adapters.vlms.chat.family import Family, ImagePlan, Loading, Size, chat_card, load_auto, load_model
from model_adapters.vlms.chat.needs import hooks

CARD = chat_card(
    name="llava-next",
    source="llava-hf/llava-v1.6-vicuna-7b-hf",
    licence="Llama 2 Community Licence",
    parameters=7_063_427_072,
    download_gb=14.1,
    memory_gb=18,
    notes=(
        "tiles=base runs the checkpoint as LLaVA 1.5 does (its class without AnyRes), which is how the published MIRB "
        "scores were made; AnyRes (tiles=anyres) fills the context of 4096 with two images.",
        "llava-next:llava-hf/llava-v1.6-vicuna-13b-hf and the Mistral and Llama 3 variants load the same way.",
    ),
)


def load(loading: Loading) -> tuple[Any, Any]:
    """The checkpoint as it is (anyres), or its weights in the class of LLaVA 1.5 (base): all but the newline vector."""
    if loading.options["tiles"] == "anyres":
        return load_auto(loading)
    if loading.options["tiles"] != "base":
        raise UserError("Option 'tiles' of llava-next is base or anyres.")
    from transformers import AutoConfig, AutoProcessor, LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor

    full = AutoConfig.from_pretrained(str(loading.folder), local_files_only=True)
    shared = (
        "image_token_index", "projector_hidden_act", "vision_feature_select_strategy", "vision_feature_layer",
        "multimodal_projector_bias", "tie_word_embeddings",
    )  # fmt: skip
    config = LlavaConfig(
        text_config=full.text_config,
        vision_config=full.vision_config,
        **{name: getattr(full, name) for name in shared if hasattr(full, name)},
    )
    model = load_model(LlavaForConditionalGeneration, loading, config=config)
    tiled = AutoProcessor.from_pretrained(str(loading.folder), local_files_only=True)
    processor = LlavaProcessor(
        image_processor=_base_tile(full.vision_config.image_size, tiled.image_processor),
        tokenizer=tiled.tokenizer,
        patch_size=tiled.patch_size or full.vision_config.patch_size,
        vision_feature_select_strategy=tiled.vision_feature_select_strategy or full.vision_feature_select_strategy,
        num_additional_image_tokens=max(1, tiled.num_additional_image_tokens),  # CLIP's class token
        chat_template=tiled.chat_template,
        image_token=tiled.image_token,
    )
    return processor, model


def _base_tile(side: int, tiled: Any) -> Any:
    from transformers import CLIPImageProcessor

    return CLIPImageProcessor(
        size={"shortest_edge": side},
        crop_size={"height": side, "width": side},
        image_mean=tiled.image_mean,
        image_std=tiled.image_std,
    )


def plan(processor: Any, sizes: Sequence[Size], room: int, options: Mapping[str, Any]) -> ImagePlan:
    """576 tokens per image in base mode; in AnyRes mode what the processor itself counts."""
    if options["tiles"] == "base":
        return plans.fixed(processor, sizes, room, options)
    return plans.counted_by_processor(processor, sizes)


FAMILY = Family(
    card=CARD,
    plan=plan,
    model_types=("llava_next",),
    options={"tiles": "base", "pad": True},
    load=load,
    square=True,
    rule="base: 576 tokens per image at 336 px; anyres: up to 2880",
)

OPTIONS = FAMILY.defaults
requirements, estimate, build = hooks(FAMILY)

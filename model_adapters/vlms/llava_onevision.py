"""LLaVA-OneVision: SigLIP at 384 px; 730 tokens per image where there are several, AnyRes for a single one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from model_adapters.vlms.chat import plans
from model_adapters.vlms.chat.family import Family, ImagePlan, Size, chat_card
from model_adapters.vlms.chat.needs import hooks

CARD = chat_card(
    name="llava-onevision",
    source="llava-hf/llava-onevision-qwen2-7b-ov-hf",
    licence="Apache-2.0",
    parameters=8_030_000_000,
    download_gb=16.1,
    memory_gb=22,
    notes=(
        "42 pages take 30,660 of its 32,768 positions. A question with one image is cut into up to nine tiles.",
        "llava-onevision:llava-hf/llava-onevision-qwen2-0.5b-ov-hf is small enough for a CPU.",
    ),
)


def plan(processor: Any, sizes: Sequence[Size], room: int, options: Mapping[str, Any]) -> ImagePlan:
    """Several images: the grid and one newline each. One image: what the processor itself counts."""
    if len(sizes) == 1:
        return plans.counted_by_processor(processor, sizes)
    tokens = processor.num_image_tokens + 1 - (processor.vision_feature_select_strategy == "default")
    return ImagePlan((tokens,) * len(sizes))


FAMILY = Family(
    card=CARD,
    plan=plan,
    model_types=("llava_onevision",),
    options={"pad": False},
    square=True,
    extras=("torchvision",),
    rule="730 tokens per image at 384 px; a single image up to 7,300",
)

OPTIONS = FAMILY.defaults
requirements, estimate, build = hooks(FAMILY)

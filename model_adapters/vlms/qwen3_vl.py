"""Qwen3-VL: images at their own size, one token per 32 x 32 pixels, 262144 positions."""

from __future__ import annotations

from model_adapters.vlms.chat.family import Family, chat_card
from model_adapters.vlms.chat.needs import hooks
from model_adapters.vlms.chat.plans import by_pixels

CARD = chat_card(
    name="qwen3-vl",
    source="Qwen/Qwen3-VL-8B-Instruct",
    licence="Apache-2.0",
    parameters=8_767_123_696,
    download_gb=17.5,
    memory_gb=26,
    notes=("The Instruct checkpoints answer at once; the Thinking ones reason first and are cut by small token caps.",),
)

FAMILY = Family(
    card=CARD,
    plan=by_pixels,
    model_types=("qwen3_vl", "qwen3_vl_moe"),
    options={"max_pixels": 0},
    extras=("torchvision",),
    rule="pixels / 32^2 tokens, at most 1280 per image, fewer where the context asks for it",
)

OPTIONS = FAMILY.defaults
requirements, estimate, build = hooks(FAMILY)

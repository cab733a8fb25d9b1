"""Qwen2-VL: images at their own size, one token per 28 x 28 pixels, 32768 positions."""

from __future__ import annotations

from model_adapters.vlms.chat.family import Family, chat_card
from model_adapters.vlms.chat.needs import hooks
from model_adapters.vlms.chat.plans import by_pixels

CARD = chat_card(
    name="qwen2-vl",
    source="Qwen/Qwen2-VL-7B-Instruct",
    licence="Apache-2.0",
    parameters=8_291_375_616,
    download_gb=16.6,
    memory_gb=24,
    notes=("qwen2-vl:Qwen/Qwen2-VL-2B-Instruct is the smaller one.",),
)

FAMILY = Family(
    card=CARD,
    plan=by_pixels,
    model_types=("qwen2_vl",),
    options={"max_pixels": 0},
    extras=("torchvision",),
    rule="pixels / 28^2 tokens, at most 1280 per image, fewer where the context asks for it",
)

OPTIONS = FAMILY.defaults
requirements, estimate, build = hooks(FAMILY)

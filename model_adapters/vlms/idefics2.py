"""Idefics2: images at their own size up to 980 px, resampled to 64 tokens, Mistral with 32768 positions."""

from __future__ import annotations

from model_adapters.vlms.chat.family import Family, chat_card
from model_adapters.vlms.chat.needs import hooks
from model_adapters.vlms.chat.plans import perceived

CARD = chat_card(
    name="idefics2",
    source="HuggingFaceM4/idefics2-8b",
    licence="Apache-2.0",
    parameters=8_402_768_112,
    download_gb=33.6,
    memory_gb=24,
    notes=("splitting=false is what the published MIRB scores used.",),
)

FAMILY = Family(
    card=CARD,
    plan=perceived,
    model_types=("idefics2",),
    options={"splitting": False},
    rule="64 tokens per image (320 with splitting=true)",
)

OPTIONS = FAMILY.defaults
requirements, estimate, build = hooks(FAMILY)

"""Mantis on Idefics2: Idefics2 tuned on interleaved images, 64 tokens each."""

from __future__ import annotations

from model_adapters.vlms.chat.family import Family, chat_card
from model_adapters.vlms.chat.needs import hooks
from model_adapters.vlms.chat.plans import perceived

CARD = chat_card(
    name="mantis",
    source="TIGER-Lab/Mantis-8B-Idefics2",
    licence="Apache-2.0",
    parameters=8_402_768_112,
    download_gb=16.8,
    memory_gb=24,
    notes=("Runs through the same class as idefics2; the other Mantis checkpoints need their authors' package.",),
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

"""Idefics3: tiles of 364 px, 169 tokens each, Llama 3; the first SmolVLM checkpoints are of this class too."""

from __future__ import annotations

from model_adapters.vlms.chat.family import Family, chat_card
from model_adapters.vlms.chat.needs import hooks
from model_adapters.vlms.chat.plans import by_longest_edge

CARD = chat_card(
    name="idefics3",
    source="HuggingFaceM4/Idefics3-8B-Llama3",
    licence="Apache-2.0",
    parameters=8_463_000_000,
    download_gb=16.9,
    memory_gb=24,
    notes=(
        "SmolVLM-256M-Instruct, SmolVLM-500M-Instruct and SmolVLM-Instruct (HuggingFaceTB) are Idefics3 "
        "checkpoints: idefics3:HuggingFaceTB/SmolVLM-256M-Instruct runs on a laptop, without torchvision.",
    ),
)

FAMILY = Family(
    card=CARD,
    plan=by_longest_edge,
    model_types=("idefics3",),
    options={"max_tiles_per_side": 0, "image_tokens": 8192},
    rule="169 tokens per tile; from 4 tiles along the longer side down to 1, until all images fit into image_tokens",
)

OPTIONS = FAMILY.defaults
requirements, estimate, build = hooks(FAMILY)

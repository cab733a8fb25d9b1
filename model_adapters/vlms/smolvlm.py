"""SmolVLM2: tiles of 512 px (384 px in the 2.2B), 64 or 81 tokens each, 8192 positions."""

from __future__ import annotations

from model_adapters.vlms.chat.family import Family, chat_card
from model_adapters.vlms.chat.needs import hooks
from model_adapters.vlms.chat.plans import by_longest_edge

CARD = chat_card(
    name="smolvlm",
    source="HuggingFaceTB/SmolVLM2-2.2B-Instruct",
    licence="Apache-2.0",
    parameters=2_246_784_880,
    download_gb=5.2,
    memory_gb=8,
    notes=(
        "smolvlm:HuggingFaceTB/SmolVLM2-500M-Video-Instruct is small enough for a CPU.",
        "The first SmolVLM checkpoints run through idefics3.",
    ),
)

FAMILY = Family(
    card=CARD,
    plan=by_longest_edge,
    model_types=("smolvlm",),
    options={"max_tiles_per_side": 0},
    extras=("torchvision", "num2words"),
    rule="64 or 81 tokens per tile; from 4 tiles along the longer side down to 1, until all images fit",
)

OPTIONS = FAMILY.defaults
requirements, estimate, build = hooks(FAMILY)

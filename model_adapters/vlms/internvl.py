"""InternVL 2.5 to 3.5 in their -hf form: tiles of 448 px, 256 tokens each."""

from __future__ import annotations

from model_adapters.vlms.chat.family import Family, chat_card
from model_adapters.vlms.chat.needs import hooks
from model_adapters.vlms.chat.plans import by_patches

CARD = chat_card(
    name="internvl",
    source="OpenGVLab/InternVL3-8B-hf",
    licence="Apache-2.0 (language model: Qwen Licence)",
    parameters=7_944_373_760,
    download_gb=15.9,
    memory_gb=24,
    notes=(
        "Only checkpoints whose names end in -hf load; the others need remote code.",
        "internvl:OpenGVLab/InternVL3-1B-hf is the smallest.",
    ),
)

FAMILY = Family(
    card=CARD,
    plan=by_patches,
    model_types=("internvl",),
    options={"max_patches": 0},
    extras=("torchvision",),
    rule="256 tokens per tile, 12 tiles shared among the images, fewer where the context asks for it",
)

OPTIONS = FAMILY.defaults
requirements, estimate, build = hooks(FAMILY)

"""LLaVA-NeXT-Interleave: SigLIP at 384 px, 729 tokens per image, Qwen 1.5, trained on several images."""

from __future__ import annotations

from model_adapters.vlms.chat.family import Family, chat_card
from model_adapters.vlms.chat.needs import hooks
from model_adapters.vlms.chat.plans import fixed

CARD = chat_card(
    name="llava-interleave",
    source="llava-hf/llava-interleave-qwen-0.5b-hf",
    licence="Tongyi Qianwen Licence",
    parameters=890_000_000,
    download_gb=1.73,
    memory_gb=4,
    notes=(
        "llava-interleave:llava-hf/llava-interleave-qwen-7b-hf is the larger one.",
        "Images are squeezed to squares by its processor; --model-option pad=true pads instead.",
    ),
)

FAMILY = Family(
    card=CARD,
    plan=fixed,
    model_types=("llava",),
    options={"pad": False},
    square=True,
    rule="729 tokens per image at 384 px",
)

OPTIONS = FAMILY.defaults
requirements, estimate, build = hooks(FAMILY)

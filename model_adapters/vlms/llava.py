"""LLaVA 1.5: CLIP at 336 px, 576 tokens per image, Vicuna with 4096 positions. A classic, short of context."""

from __future__ import annotations

from model_adapters.vlms.chat.family import Family, chat_card
from model_adapters.vlms.chat.needs import hooks
from model_adapters.vlms.chat.plans import fixed

CARD = chat_card(
    name="llava",
    source="llava-hf/llava-1.5-7b-hf",
    licence="Llama 2 Community Licence",
    parameters=7_063_427_072,
    download_gb=14.1,
    memory_gb=18,
    notes=(
        "Not trained on several images; six fit into its context, so questions about more are refused.",
        "MIRB's published scores come from the authors' own package with a centre crop; here images are "
        "padded to squares (--model-option pad=false crops).",
        "Its chat template moves images before the text; layout=interleaved (the default) keeps them where "
        "the prompt has them.",
    ),
)

FAMILY = Family(
    card=CARD,
    plan=fixed,
    model_types=("llava",),
    options={"pad": True},
    square=True,
    rule="576 tokens per image at 336 px",
)

OPTIONS = FAMILY.defaults
requirements, estimate, build = hooks(FAMILY)

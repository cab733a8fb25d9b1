"""Phi-3-vision: remote code; transformers has its successor only (phi-4-multimodal)."""

from __future__ import annotations

from model_adapters.vlms.served.elsewhere import elsewhere, elsewhere_card

CARD = elsewhere_card(
    name="phi-3-vision",
    source="microsoft/Phi-3-vision-128k-instruct",
    licence="MIT",
    parameters=4_150_000_000,
    memory_gb=12,
    why="its class is remote code; transformers has phi3 for text only",
    server="vllm serve microsoft/Phi-3-vision-128k-instruct --trust-remote-code, in an environment of its own",
    notes=("The published run used one crop per image and put instruction and question into two user turns.",),
)

requirements, build = elsewhere(CARD)

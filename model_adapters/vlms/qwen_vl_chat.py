"""Qwen-VL-Chat (first generation): remote code."""

from __future__ import annotations

from model_adapters.vlms.served.elsewhere import elsewhere, elsewhere_card

CARD = elsewhere_card(
    name="qwen-vl-chat",
    source="Qwen/Qwen-VL-Chat",
    licence="Tongyi Qianwen Licence",
    parameters=9_600_000_000,
    memory_gb=24,
    why="its tokenizer and class are remote code",
    server="vllm serve Qwen/Qwen-VL-Chat --trust-remote-code, in an environment of its own",
    notes=("The published run fed it raw text without its chat template, which explains its low row.",),
)

requirements, build = elsewhere(CARD)

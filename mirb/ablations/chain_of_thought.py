"""chain-of-thought: the model reasons in one call and answers in a second that shows it its reasoning.

The published form drops the task's instruction in both calls, so that it also measures what forgetting the instruction
costs. Here both calls are the prompt of the protocol as it is, instruction included, with these words behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mirb.ablations.base import Ablation, Material, Variant
from model_adapters.inference.ask import Ask

THINK = "Do not answer the question yet. First give concise reasoning steps towards its answer."
THOUGHT = "Reasoning so far:\n{reasoning}\n\nNow answer the question directly, in the form asked for above."
THOUGHT_TOKENS = 250
"""New tokens of the first call, as published."""


def make(material: Material) -> list[Variant]:
    """The question as it is."""
    return [Variant(material.question, material.images)]


def first_call(ask: Ask) -> Ask:
    """The protocol's prompt, then the request for reasoning; text, whatever the protocol asks for."""
    return replace(ask, parts=_behind(ask.parts, THINK), letters=(), max_new_tokens=THOUGHT_TOKENS)


def second_call(ask: Ask, reasoning: str) -> Ask:
    """The protocol's prompt, then the reasoning and the request for the answer."""
    return replace(ask, parts=_behind(ask.parts, THOUGHT.format(reasoning=reasoning.strip())))


def _behind(parts: Sequence[Any], text: str) -> tuple[Any, ...]:
    if parts and isinstance(parts[-1], str):
        return (*parts[:-1], f"{parts[-1]}\n\n{text}")
    return (*parts, f"\n\n{text}")


ABLATION = Ablation("chain-of-thought", "reasoning first, the answer in a second call", "form", make, thinks=True)

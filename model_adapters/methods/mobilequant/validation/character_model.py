"""A character-level Llama model trained on the standard library's own source in about a minute of one core."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_adapters.inference.seeds import derive_seed

if TYPE_CHECKING:
    from torch import Tensor

WORDS, CONTEXT = 128, 96
CONFIG: dict[str, Any] = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": WORDS,
    "hidden_size": 96,
    "intermediate_size": 256,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
    "tie_word_embeddings": False,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}


def corpus() -> tuple[Tensor, Tensor]:
    """Characters of the library's modules as codes below 128 (others are dropped): int64 for training and for testing.

    Every fifth file, in the order of names, is for testing.
    """
    import torch

    parts = (bytearray(), bytearray())
    for number, path in enumerate(sorted(Path(os.__file__).parent.glob("*.py"))):
        parts[number % 5 == 4].extend(path.read_text("utf-8", "replace").encode("ascii", "ignore"))
    kept, held = (torch.frombuffer(part, dtype=torch.uint8).long() for part in parts)
    return kept, held


def windows(text: Tensor, count: int, seed: int, purpose: str) -> Tensor:
    """int64[count, CONTEXT + 1] from random places."""
    import torch

    generator = torch.Generator().manual_seed(derive_seed(seed, purpose, purpose="character-model") % 2**63)
    starts = torch.randint(len(text) - CONTEXT - 1, (count,), generator=generator)
    return torch.stack([text[start : start + CONTEXT + 1] for start in starts])


def trained(steps: int, seed: int, say: Callable[[int, int], None] = lambda done, total: None) -> dict[str, Tensor]:
    """State of a `LlamaForCausalLM` after some steps of AdamW (batch 16, rate 3e-3 falling along a cosine)."""
    import math

    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**CONFIG))
    generator = torch.Generator().manual_seed(derive_seed(seed, "start", purpose="character-model") % 2**63)
    start = {
        name: torch.ones(each.shape) if "norm" in name else 0.05 * torch.randn(each.shape, generator=generator)
        for name, each in model.state_dict().items()
    }
    model.load_state_dict(start, assign=True)
    model.model.rotary_emb = type(model.model.rotary_emb)(model.config)
    model.requires_grad_(True).train()
    text, _ = corpus()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1.0, (step + 1) / 50) * (0.05 + 0.475 * (1 + math.cos(math.pi * step / steps)))
        rows = windows(text, 16, seed, f"step-{step}")
        loss = torch.nn.functional.cross_entropy(
            model(input_ids=rows[:, :-1], use_cache=False).logits.flatten(0, 1), rows[:, 1:].flatten()
        )
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        say(step + 1, steps)
    return {name: each.detach().clone() for name, each in model.state_dict().items()}

"""What is measured of a model on held-out sequences: how surprised it is, and how far from the float model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from model_adapters.methods.mobilequant.network import last_hidden, logits_of
from model_adapters.methods.mobilequant.texts import IGNORED, Item


def surprises(model: Any, items: Sequence[Item]) -> list[float]:
    """Mean negative log likelihood (nats a token) of each sequence, over the tokens that count."""
    import torch

    found = []
    with torch.no_grad():
        for item in items:
            logits = logits_of(model, last_hidden(model, item.embeds))[0].float()
            found.append(float(torch.nn.functional.cross_entropy(logits, item.targets, ignore_index=IGNORED)))
    return found


def tokens(items: Sequence[Item]) -> list[int]:
    """How many tokens of each sequence count."""
    return [int((item.targets != IGNORED).sum()) for item in items]


def perplexity(values: Sequence[float], counts: Sequence[int]) -> float | None:
    """exp of the mean over all tokens; lower is better, 1 is best. None where it overflows."""
    mean = sum(v * n for v, n in zip(values, counts, strict=True)) / sum(counts)
    return math.exp(mean) if mean < 700 else None

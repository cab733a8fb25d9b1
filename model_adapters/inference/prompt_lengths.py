"""How long the prompts of a run are for its model, and how many it could not read to their end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from model_adapters.inference.sample_store import SampleRow

LIMITS = (77, 128, 300)
"""Tokens that the encoders of the published benchmark read: CLIP, RadEdit's BERT, PixArt's and Sana's."""


def prompt_lengths(rows: Iterable[SampleRow]) -> dict[str, Any] | None:
    """Counts over the rows whose adapter told a length; None where none did.

    Tokens are those of the model's own tokenizer that reads the most: the counts of two models compare only roughly.

    Returns:
        prompts: how many told their length. longest: tokens. over: limit -> prompts longer than it. cut: prompts longer
        than the model reads. cut_short: longer than its shortest reader does (a CLIP beside a T5), where there are two.
    """
    told = [info for row in rows if (info := row.info) is not None and "tokens" in info]
    if not told:
        return None
    lengths = [int(info["tokens"]) for info in told]
    counts: dict[str, Any] = {
        "prompts": len(told),
        "longest": max(lengths),
        "over": {str(limit): sum(length > limit for length in lengths) for limit in LIMITS},
        "cut": sum(bool(info.get("truncated")) for info in told),
    }
    if any("truncated_short" in info for info in told):
        counts["cut_short"] = sum(bool(info.get("truncated_short")) for info in told)
    return counts


def sentence(counts: dict[str, Any]) -> str:
    """The counts in words, for a record's warnings."""
    over = ", ".join(f"{count} exceed {limit}" for limit, count in counts["over"].items())
    short = f"; {counts['cut_short']} by its shorter text encoder" if counts.get("cut_short") else ""
    return (
        f"{counts['cut']} of {counts['prompts']} prompts were longer than the model reads, and were cut{short}. "
        f"In its tokens {over}; the longest has {counts['longest']}."
    )

"""Which tokens of a vocabulary are an option letter: the official multiple-choice mode reads their logits.

A letter can begin an answer in three spellings: bare ("A"), with the leading space of a byte-level vocabulary ("ĠA") or
of a SentencePiece one ("▁A"). Which of them a model prefers depends on its template's last character. Those that the
vocabulary has as single tokens are all read, and the largest logit counts: the probability of the best spelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_splits.errors import UserError

_SPELLINGS = ("{}", "Ġ{}", "▁{}")


def letter_tokens(tokenizer: Any, letters: Sequence[str]) -> dict[str, list[int]]:
    """letter -> ids of its spellings.

    Raises:
        UserError: a letter is no single token of this vocabulary.
    """
    vocabulary = tokenizer.get_vocab()
    found = {
        letter: [vocabulary[text] for shape in _SPELLINGS if (text := shape.format(letter)) in vocabulary]
        for letter in letters
    }
    lacking = [letter for letter, ids in found.items() if not ids]
    if lacking:
        raise UserError(
            f"{', '.join(lacking)} is no single token of this model's vocabulary, so letters cannot be read from "
            "next-token logits. Use a protocol that asks for text."
        )
    return found


def letter_logits(logits: Any, tokens: dict[str, list[int]]) -> dict[str, float]:
    """letter -> largest logit among its spellings; logits: float[vocabulary] of one next token."""
    return {letter: float(logits[ids].max()) for letter, ids in tokens.items()}

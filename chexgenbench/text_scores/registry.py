"""Text scores by name; a score that needs a model says what it lacks when asked, not before."""

from __future__ import annotations

import difflib
import importlib

from chexgenbench.text_scores.base import TextScore
from data_splits.errors import UserError

SCORES: dict[str, str] = {
    "label_f1": "chexgenbench.text_scores.label_f1:LABEL_F1",
    "bleu1": "chexgenbench.text_scores.bleu:BLEU1",
    "bleu4": "chexgenbench.text_scores.bleu:BLEU4",
    "rouge_l": "chexgenbench.text_scores.rouge_l:ROUGE_L",
    "bertscore": "chexgenbench.text_scores.bertscore:BERTSCORE",
    "radgraph": "chexgenbench.text_scores.radgraph:RADGRAPH",
    "chexbert": "chexgenbench.text_scores.chexbert:CHEXBERT",
    "ratescore": "chexgenbench.text_scores.ratescore:RATESCORE",
    "green": "chexgenbench.text_scores.green:GREEN_SCORE",
}
"""Name -> "module:attribute"."""

OFFLINE = ("label_f1", "bleu1", "bleu4", "rouge_l")
"""Scores that need no model."""


def text_score(name: str) -> TextScore:
    """The score of this name ("-" and "_" are the same).

    Raises:
        UserError: there is none; the message holds the nearest.
    """
    key = name.replace("-", "_")
    if key not in SCORES:
        near = difflib.get_close_matches(key, SCORES, n=1, cutoff=0.4)
        raise UserError(
            f"No text score is called {name!r}. "
            + (f"Did you mean {near[0]}?" if near else f"Known: {', '.join(SCORES)}.")
        )
    module, attribute = SCORES[key].split(":")
    found: TextScore = getattr(importlib.import_module(module), attribute)
    return found

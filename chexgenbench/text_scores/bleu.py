"""BLEU (Papineni et al. 2002) with n-grams up to 1 or 4, by sacrebleu: tokenizer 13a, cases kept.

BLEU = brevity penalty x geometric mean of the n-gram precisions, over the whole corpus: n-gram counts are added up over
reports, then divided. (The mean of single reports' BLEU is another number, larger where reports are short and copied.)
Reported from 0 to 1 in v2; the published scorer gives 0 to 100 with its intervals switched on and 0 to 1 without.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from chexgenbench.text_scores.base import Terms, TextScore, Where, lacks_package


def terms(references: Sequence[str], generated: Sequence[str], where: Where, *, order: int) -> Terms:
    """float64[n, 2 + 2 order]: words, reference words, hits of n-grams, n-grams."""
    from sacrebleu.metrics import BLEU

    bleu = BLEU(max_ngram_order=order, effective_order=True)  # the counts do not depend on the last
    rows = []
    for reference, text in zip(references, generated, strict=True):
        found = bleu.sentence_score(text, [reference])
        rows.append([found.sys_len, found.ref_len, *found.counts, *found.totals])
    return np.array(rows, np.float64).reshape(len(rows), 2 + 2 * order)


def lacks(where: Where) -> str | None:
    """sacrebleu, where it is not installed."""
    return lacks_package("sacrebleu", "reports")


SETTINGS = {"tokenizer": "13a", "case": "kept", "smoothing": "exp", "aggregation": "corpus"}

BLEU1 = TextScore("bleu1", "BLEU-1", "bleu", partial(terms, order=1), lacks, settings=SETTINGS)
BLEU4 = TextScore("bleu4", "BLEU-4", "bleu", partial(terms, order=4), lacks, settings=SETTINGS)

"""ROUGE-L (Lin 2004) by rouge-score: F1 of the longest common subsequence of words, the mean over reports, 0 to 1.

Words are lower-case runs of letters and digits, without stemming.
"""

from __future__ import annotations

from collections.abc import Sequence

from chexgenbench.text_scores.base import Terms, TextScore, Where, lacks_package, means


def terms(references: Sequence[str], generated: Sequence[str], where: Where) -> Terms:
    """float64[n, 2]: the F1 of each pair and 1."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    return means([scorer.score(a, b)["rougeL"].fmeasure for a, b in zip(references, generated, strict=True)])


def lacks(where: Where) -> str | None:
    """rouge-score, where it is not installed."""
    return lacks_package("rouge_score", "reports")


ROUGE_L = TextScore("rouge_l", "ROUGE-L", "mean", terms, lacks, settings={"stemming": False, "aggregation": "mean F1"})

"""RaTEScore (Zhao et al. 2024): medical entities of both reports matched by meaning, kind and negation. Mean, 0 to 1.

By the package RaTEScore with the published entity recogniser and synonym encoder. Where a report of a pair names no
entity the package says 0.5; an empty report never reaches it and scores 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chexgenbench.text_scores.base import Terms, TextScore, Where, both_given, lacks_package, means
from chexgenbench.text_scores.weights import folder_of, lacks_files

NER, SYNONYMS = "RaTE-NER-Deberta", "BioLORD-2023-C"


def terms(references: Sequence[str], generated: Sequence[str], where: Where) -> Terms:
    """float64[n, 2]: the score of each pair and 1."""
    from RaTEScore import RaTEScore

    folder = folder_of("ratescore", where)
    assert folder is not None  # `lacks` is asked first
    values = np.zeros(len(references))
    rows = np.flatnonzero(both_given(references, generated)).tolist()
    if rows:
        scorer = RaTEScore(
            bert_model=str(folder / NER),
            eval_model=str(folder / SYNONYMS),
            batch_size=1,
            use_gpu=where.device.startswith("cuda"),
        )
        values[rows] = scorer.compute_score([generated[row] for row in rows], [references[row] for row in rows])
    return means(values.tolist())


def lacks(where: Where) -> str | None:
    """The package, or its two models."""
    how = f"hf download Angelakeke/{NER} and FremyCompany/{SYNONYMS} into FOLDER/{NER} and FOLDER/{SYNONYMS}"
    files = (f"{NER}/config.json", f"{SYNONYMS}/config.json")
    # medspacy: the package imports it without asking for it
    packages = lacks_package("RaTEScore", "report-models") or lacks_package("medspacy", "report-models")
    return packages or lacks_files("ratescore", where, files, how)


RATESCORE = TextScore("ratescore", "RaTEScore", "mean", terms, lacks, settings={"affinity": "long"}, modelled=True)

"""F1 of findings that a rule-based labeller reads in the generated report and in the report of the image, 0 to 1.

Micro over the 14 CheXpert labels, with an uncertain mention counted as absent; beside it macro, the five labels of
CheXbert's short score, and the same with an uncertain mention counted as present ("plus"). Labels come from
`finding_rules`, which runs anywhere; the published score reads them with CheXbert (`chexbert`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chexgenbench.text_scores.base import Terms, TextScore, Where, hits
from chexgenbench.text_scores.finding_rules import RULES_VERSION, findings
from data_splits.case import CHEXPERT_LABELS


def terms(references: Sequence[str], generated: Sequence[str], where: Where) -> Terms:
    """float64[n, 84]: hits, false alarms and misses of 14 labels, uncertain as absent, then as present."""
    return hits(label_table(references), label_table(generated))


def label_table(reports: Sequence[str]) -> NDArray[np.int64]:
    """int64[n, 14] in CheXpert order: 1, -1 (uncertain), 0 (denied or not mentioned)."""
    found = [findings(report) for report in reports]
    return np.array([[each.get(name, 0) for name in CHEXPERT_LABELS] for each in found], np.int64).reshape(-1, 14)


LABEL_F1 = TextScore(
    "label_f1",
    "Label F1 (rules)",
    "f1",
    terms,
    lambda where: None,
    labels=CHEXPERT_LABELS,
    settings={"labeller": f"finding_rules {RULES_VERSION}"},
)

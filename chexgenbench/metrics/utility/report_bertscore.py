"""Meaning shared by written and real reports, word by word (BERTScore).

Each word's contextual vector is matched with the most similar one of the other report; F1 of the mean cosines of both
directions, then the mean over images. Without idf weights, not rescaled; at most 1, higher is better, no unit. Values
of another model or layer are other numbers. By the package bert-score.

The weights lie in a folder that `$CHEXGENBENCH_SCORE_WEIGHTS/bertscore` names (or `chexgenbench reports
--score-weights`); without them there is no value, and the reason says what to fetch.

The arms, trtr, mixed and tstr_minus_trtr, the writers, the interval and what is stored are those of report_label_f1.
"""

from __future__ import annotations

from functools import partial

from chexgenbench.metrics.base import Metric
from chexgenbench.reports.measure import measure_reports
from chexgenbench.text_scores.bertscore import BERTSCORE

METRIC = Metric(
    name="report_bertscore",
    display="Report BERTScore",
    family="utility",
    direction="higher",
    measure=partial(measure_reports, text_score=BERTSCORE),
    estimator="report_scores",
    source="Zhang et al. 2020, arXiv 1904.09675",
    cost="a pass of the model a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    min_images=20,
)

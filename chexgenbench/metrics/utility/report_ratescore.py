"""Medical entities shared by written and real reports, by meaning and negation (RaTEScore).

Entities of both reports are matched by the cosine of their synonym-aware vectors, weighted by kind and negation; F1
of each pair, then the mean over images; from 0 to 1, higher is better, no unit. The package says 0.5 where a report
names no entity; an empty report scores 0. By the package RaTEScore.

The weights lie in a folder that `$CHEXGENBENCH_SCORE_WEIGHTS/ratescore` names (or `chexgenbench reports
--score-weights`); without them there is no value, and the reason says what to fetch.

The arms, trtr, mixed and tstr_minus_trtr, the writers, the interval and what is stored are those of report_label_f1.
"""

from __future__ import annotations

from functools import partial

from chexgenbench.metrics.base import Metric
from chexgenbench.reports.measure import measure_reports
from chexgenbench.text_scores.ratescore import RATESCORE

METRIC = Metric(
    name="report_ratescore",
    display="Report RaTEScore",
    family="utility",
    direction="higher",
    measure=partial(measure_reports, text_score=RATESCORE),
    estimator="report_scores",
    source="Zhao et al. 2024, arXiv 2406.16845",
    cost="two passes of BERT-sized models a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    min_images=20,
)

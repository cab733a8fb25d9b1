"""Findings shared by written and real reports as CheXbert reads them.

F1 = 2 TP / (2 TP + FP + FN) over reports and the 14 CheXpert labels, an uncertain mention counted as absent; from 0
to 1, higher is better, no unit. Beside it .macro, .micro_5, .macro_5, and each with `_plus`, where an uncertain
mention counts as present: the twelve published numbers. The network is this package's, the weights are the published
ones.

The weights lie in a folder that `$CHEXGENBENCH_SCORE_WEIGHTS/chexbert` names (or `chexgenbench reports
--score-weights`); without them there is no value, and the reason says what to fetch.

The arms, trtr, mixed and tstr_minus_trtr, the writers, the interval and what is stored are those of report_label_f1.
"""

from __future__ import annotations

from functools import partial

from chexgenbench.metrics.base import Metric
from chexgenbench.reports.measure import measure_reports
from chexgenbench.reports.published import PERCENT_QUIRK, QUIRKS, SOURCE, measure_published
from chexgenbench.text_scores.chexbert import CHEXBERT

METRIC = Metric(
    name="report_chexbert",
    display="Report CheXbert F1",
    family="utility",
    direction="higher",
    measure=partial(measure_reports, text_score=CHEXBERT),
    estimator="report_scores",
    source="Smit et al. 2020, arXiv 2004.09167; CheXGenBench, arXiv 2505.10496",
    cost="a pass of BERT base a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    min_images=20,
)

PUBLISHED = Metric(
    name="report_chexbert",
    display="Report CheXbert F1 (published)",
    family="utility",
    direction="higher",
    measure=partial(measure_published, text_score=CHEXBERT),
    estimator="report_scores",
    source=SOURCE,
    cost="a pass of BERT base a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    quirks=(PERCENT_QUIRK, *QUIRKS),
    min_images=20,
)

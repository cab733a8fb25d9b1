"""Word order shared by written and real reports, for a writer trained on synthetic images: ROUGE-L.

For each test image the F1 of the longest common subsequence of words (precision: over the written report, recall: over
the report of the image), then the mean over images. By rouge-score, without stemming, from 0 to 1, higher is better, no
unit.

The arms, trtr, mixed and tstr_minus_trtr, the writers, the interval and what is stored are those of report_label_f1.
"""

from __future__ import annotations

from functools import partial

from chexgenbench.metrics.base import Metric
from chexgenbench.reports.measure import measure_reports
from chexgenbench.reports.published import PERCENT_QUIRK, QUIRKS, SOURCE, measure_published
from chexgenbench.text_scores.rouge_l import ROUGE_L

METRIC = Metric(
    name="report_rouge_l",
    display="Report ROUGE-L",
    family="utility",
    direction="higher",
    measure=partial(measure_reports, text_score=ROUGE_L),
    estimator="report_scores",
    source="Lin 2004 (aclanthology W04-1013); CheXGenBench, arXiv 2505.10496",
    cost="O(words^2) a report, under a millisecond",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    min_images=20,
)

PUBLISHED = Metric(
    name="report_rouge_l",
    display="Report ROUGE-L (published)",
    family="utility",
    direction="higher",
    measure=partial(measure_published, text_score=ROUGE_L),
    estimator="report_scores",
    source=SOURCE,
    cost="O(words^2) a report, under a millisecond",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    quirks=(PERCENT_QUIRK, *QUIRKS),
    min_images=20,
)

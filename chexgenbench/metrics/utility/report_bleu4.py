"""Phrases shared by written and real reports, for a writer trained on synthetic images: corpus BLEU-4.

BLEU-4 = brevity penalty x geometric mean of the precisions of n-grams of 1 to 4 words, each added up over the test set
before it is divided; a precision of 0 is smoothed as in mteval-v13a. By sacrebleu's counts (tokenizer 13a, cases kept),
from 0 to 1, higher is better, no unit.

The arms, trtr, mixed and tstr_minus_trtr, the writers, the interval and what is stored are those of report_label_f1.
"""

from __future__ import annotations

from functools import partial

from chexgenbench.metrics.base import Metric
from chexgenbench.reports.measure import measure_reports
from chexgenbench.reports.published import BLEU_QUIRK, QUIRKS, SOURCE, measure_published
from chexgenbench.text_scores.bleu import BLEU4

METRIC = Metric(
    name="report_bleu4",
    display="Report BLEU-4",
    family="utility",
    direction="higher",
    measure=partial(measure_reports, text_score=BLEU4),
    estimator="report_scores",
    source="Papineni et al. 2002 (doi 10.3115/1073083.1073135); CheXGenBench, arXiv 2505.10496",
    cost="0.2 ms a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    min_images=20,
)

PUBLISHED = Metric(
    name="report_bleu4",
    display="Report BLEU-4 (published)",
    family="utility",
    direction="higher",
    measure=partial(measure_published, text_score=BLEU4),
    estimator="report_scores",
    source=SOURCE,
    cost="0.2 ms a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    quirks=(BLEU_QUIRK, *QUIRKS),
    min_images=20,
)

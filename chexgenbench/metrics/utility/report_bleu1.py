"""Words shared by written and real reports, for a writer trained on synthetic images: corpus BLEU-1.

BLEU-1 = brevity penalty x share of the written words that the report of the image has (each at most as often), with
both added up over the test set before they are divided: a corpus score, not the mean of single reports' scores. By
sacrebleu's counts (tokenizer 13a, cases kept), from 0 to 1, higher is better, no unit. Wording counts as much as
findings: a report that denies everything in the right words scores well.

The arms, trtr, mixed and tstr_minus_trtr, the writers, the interval and what is stored are those of report_label_f1.
"""

from __future__ import annotations

from functools import partial

from chexgenbench.metrics.base import Metric
from chexgenbench.reports.measure import measure_reports
from chexgenbench.reports.published import BLEU_QUIRK, QUIRKS, SOURCE, measure_published
from chexgenbench.text_scores.bleu import BLEU1

METRIC = Metric(
    name="report_bleu1",
    display="Report BLEU-1",
    family="utility",
    direction="higher",
    measure=partial(measure_reports, text_score=BLEU1),
    estimator="report_scores",
    source="Papineni et al. 2002 (doi 10.3115/1073083.1073135); CheXGenBench, arXiv 2505.10496",
    cost="0.2 ms a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    min_images=20,
)

PUBLISHED = Metric(
    name="report_bleu1",
    display="Report BLEU-1 (published)",
    family="utility",
    direction="higher",
    measure=partial(measure_published, text_score=BLEU1),
    estimator="report_scores",
    source=SOURCE,
    cost="0.2 ms a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    quirks=(BLEU_QUIRK, *QUIRKS),
    min_images=20,
)

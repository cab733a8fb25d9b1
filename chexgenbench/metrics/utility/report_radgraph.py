"""Entities and relations shared by written and real reports (F1-RadGraph).

RadGraph reads the clinical entities of both reports; the reward "partial" asks for the same entity with or without a
relation. F1 of each pair, then the mean over images; from 0 to 1, higher is better, no unit. A pair with an empty
report scores 0 unread, as published. By the package radgraph.

The weights lie in a folder that `$CHEXGENBENCH_SCORE_WEIGHTS/radgraph` names (or `chexgenbench reports
--score-weights`); without them there is no value, and the reason says what to fetch.

The arms, trtr, mixed and tstr_minus_trtr, the writers, the interval and what is stored are those of report_label_f1.
"""

from __future__ import annotations

from functools import partial

from chexgenbench.metrics.base import Metric
from chexgenbench.reports.measure import measure_reports
from chexgenbench.reports.published import PERCENT_QUIRK, QUIRKS, SOURCE, measure_published
from chexgenbench.text_scores.radgraph import RADGRAPH

METRIC = Metric(
    name="report_radgraph",
    display="Report F1-RadGraph",
    family="utility",
    direction="higher",
    measure=partial(measure_reports, text_score=RADGRAPH),
    estimator="report_scores",
    source="Delbrouck et al. 2022, arXiv 2210.12186; CheXGenBench, arXiv 2505.10496",
    cost="a pass of a BERT parser a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    min_images=20,
)

PUBLISHED = Metric(
    name="report_radgraph",
    display="Report F1-RadGraph (published)",
    family="utility",
    direction="higher",
    measure=partial(measure_published, text_score=RADGRAPH),
    estimator="report_scores",
    source=SOURCE,
    cost="a pass of a BERT parser a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    quirks=(PERCENT_QUIRK, *QUIRKS),
    min_images=20,
)

"""Clinically significant errors in written reports as a language model counts them (GREEN).

GREEN = matched findings / (matched findings + significant errors) of each pair, 0 where nothing matches; then the
mean over images; from 0 to 1, higher is better, no unit. Prompt and reading of the answer by the package radeval; the
checkpoint is loaded without remote code.

The weights lie in a folder that `$CHEXGENBENCH_SCORE_WEIGHTS/green` names (or `chexgenbench reports
--score-weights`); without them there is no value, and the reason says what to fetch.

The arms, trtr, mixed and tstr_minus_trtr, the writers, the interval and what is stored are those of report_label_f1.
"""

from __future__ import annotations

from functools import partial

from chexgenbench.metrics.base import Metric
from chexgenbench.reports.measure import measure_reports
from chexgenbench.text_scores.green import GREEN_SCORE

METRIC = Metric(
    name="report_green",
    display="Report GREEN",
    family="utility",
    direction="higher",
    measure=partial(measure_reports, text_score=GREEN_SCORE),
    estimator="report_scores",
    source="Ostmeier et al. 2024, arXiv 2405.03595",
    cost="an answer of a 7B language model a report",
    per_group=False,
    floor=False,
    needs=frozenset({"encoder", "synthetic"}),
    min_images=20,
)

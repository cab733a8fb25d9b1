from __future__ import annotations

import numpy as np
import pytest
from made_features import score
from made_reports import report_input, shuffled
from rouge_score.rouge_scorer import RougeScorer

from chexgenbench.metrics.utility.report_rouge_l import METRIC, PUBLISHED
from chexgenbench.reports.measure import _written


def test_it_is_the_mean_of_rouge_scores_f1() -> None:
    data = report_input(shuffled)
    found = _written(data)
    assert not isinstance(found, str)
    scorer = RougeScorer(["rougeL"])
    pairs = zip(data.reference.cases, found.reports["tstr"], strict=True)
    expected = np.mean([scorer.score(case.prompt, text)["rougeL"].fmeasure for case, text in pairs])
    assert score(METRIC, data).value == pytest.approx(expected, abs=1e-12)


def test_shuffled_images_are_worth_less_than_real_ones() -> None:
    assert score(METRIC, report_input(shuffled)).extra["tstr_minus_trtr_high"] < 0
    assert score(METRIC, report_input()).extra["tstr_minus_trtr"] == 0.0


def test_the_published_one_is_in_percent() -> None:
    data = report_input(shuffled)
    assert score(PUBLISHED, data).value == pytest.approx(100 * score(METRIC, data).value, rel=0.02)  # type: ignore[operator]

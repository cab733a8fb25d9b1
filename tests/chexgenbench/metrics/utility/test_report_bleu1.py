from __future__ import annotations

import pytest
import sacrebleu
from made_features import score
from made_reports import report_input, shuffled

from chexgenbench.metrics.utility.report_bleu1 import METRIC, PUBLISHED
from chexgenbench.reports.measure import _written


def test_it_is_sacrebleus_corpus_score_of_what_was_written() -> None:
    data = report_input(shuffled)
    found = _written(data)
    assert not isinstance(found, str)
    references = [case.prompt or "" for case in data.reference.cases]
    bleu = sacrebleu.metrics.BLEU(max_ngram_order=1)
    expected = bleu.corpus_score(list(found.reports["tstr"]), [references]).score
    assert score(METRIC, data).value == pytest.approx(expected / 100, abs=1e-12)


def test_shuffled_images_are_worth_less_than_real_ones() -> None:
    assert score(METRIC, report_input(shuffled)).extra["tstr_minus_trtr_high"] < 0
    assert score(METRIC, report_input()).extra["tstr_minus_trtr"] == 0.0


def test_the_published_scale_and_centre() -> None:
    """From 0 to 100, a median of resamplings: near, but not, 100 times the value."""
    data = report_input(shuffled)
    plain, published = score(METRIC, data), score(PUBLISHED, data)
    assert plain.value is not None and published.value is not None and published.low is not None
    assert published.value == pytest.approx(100 * plain.value, rel=0.02) and published.value != 100 * plain.value
    assert published.extra["clusters"] == 240 and plain.extra["clusters"] == 120

from __future__ import annotations

import numpy as np
import pytest
import sacrebleu
from made_pairs import GENERATED, REFERENCES

from chexgenbench.text_scores.base import Where
from chexgenbench.text_scores.bleu import BLEU1, BLEU4
from leaderboards.statistics.report_scores import corpus_bleu


@pytest.mark.parametrize(("score", "order"), [(BLEU1, 1), (BLEU4, 4)])
def test_the_corpus_score_is_sacrebleus(score: object, order: int) -> None:
    terms = score.terms(REFERENCES, GENERATED, Where())  # type: ignore[attr-defined]
    expected = sacrebleu.metrics.BLEU(max_ngram_order=order).corpus_score(GENERATED, [REFERENCES]).score / 100
    assert corpus_bleu(terms.sum(axis=0)[None])[0] == pytest.approx(expected, abs=1e-12)
    assert 0.0 < expected < 1.0


def test_it_is_not_the_mean_of_sentences() -> None:
    terms = BLEU1.terms(REFERENCES, GENERATED, Where())
    alone = np.mean([corpus_bleu(row[None])[0] for row in terms])
    assert corpus_bleu(terms.sum(axis=0)[None])[0] != pytest.approx(alone, abs=1e-3)


def test_copies_score_1_and_silence_0() -> None:
    assert corpus_bleu(BLEU4.terms(REFERENCES, REFERENCES, Where()).sum(axis=0)[None])[0] == pytest.approx(1.0)
    assert corpus_bleu(BLEU1.terms(REFERENCES, [""] * len(REFERENCES), Where()).sum(axis=0)[None])[0] == 0.0
    assert BLEU1.terms([], [], Where()).shape == (0, 4)

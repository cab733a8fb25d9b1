from __future__ import annotations

import pytest
from made_pairs import GENERATED, REFERENCES

from chexgenbench.text_scores.base import Where
from chexgenbench.text_scores.rouge_l import ROUGE_L


def test_it_is_the_f1_of_the_longest_common_subsequence() -> None:
    """ "a c d" is common to "a b c d" and "a c x d e": precision 3/5, recall 3/4, F1 2/3."""
    terms = ROUGE_L.terms(["a b c d"], ["a c x d e"], Where())
    assert terms.tolist() == [[pytest.approx(2 / 3), 1.0]]


def test_copies_score_1_whatever_the_case_and_silence_0() -> None:
    assert (ROUGE_L.terms(REFERENCES, [each.upper() for each in REFERENCES], Where())[:, 0] == 1.0).all()
    assert (ROUGE_L.terms(REFERENCES, [""] * 4, Where())[:, 0] == 0.0).all()
    found = ROUGE_L.terms(REFERENCES, GENERATED, Where())[:, 0]
    assert found[2] == 1.0 and found[0] == pytest.approx(2 * 7 / (7 + 10))

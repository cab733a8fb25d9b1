from __future__ import annotations

import numpy as np
from made_pairs import GENERATED, REFERENCES

from chexgenbench.text_scores.base import Where
from chexgenbench.text_scores.label_f1 import LABEL_F1, label_table
from data_splits.case import CHEXPERT_LABELS


def counts(references: list[str], generated: list[str]) -> np.ndarray:
    """int[rules, pair, label, (hit, false alarm, miss)]."""
    terms = LABEL_F1.terms(references, generated, Where())
    return terms.reshape(len(references), 2, 14, 3).transpose(1, 0, 2, 3)


def test_hits_false_alarms_and_misses_by_hand() -> None:
    minus, plus = counts(REFERENCES, GENERATED)
    column = CHEXPERT_LABELS.index
    assert minus[0, column("Cardiomegaly")].tolist() == [1, 0, 0]
    assert minus[1, column("Support Devices")].tolist() == [0, 0, 1]
    assert minus[1, column("Pleural Effusion")].tolist() == [1, 0, 0]
    assert minus[2, column("No Finding")].tolist() == [1, 0, 0] and minus[2].sum() == 1
    assert minus[3, column("Consolidation")].tolist() == [0, 1, 0]
    # uncertain in both: nothing under one rule, a hit under the other
    assert minus[3, column("Pneumonia")].tolist() == [0, 0, 0] and plus[3, column("Pneumonia")].tolist() == [1, 0, 0]


def test_a_copy_has_hits_alone() -> None:
    for rule in counts(REFERENCES, REFERENCES):
        assert rule[..., 0].sum() > 4 and rule[..., 1:].sum() == 0


def test_the_table_is_in_chexpert_order() -> None:
    row = label_table(["Small left pneumothorax."])[0]
    assert row[CHEXPERT_LABELS.index("Pneumothorax")] == 1 and row.sum() == 1

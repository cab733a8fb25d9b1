from __future__ import annotations

import numpy as np

from chexgenbench.utility.labels import targets, truth
from data_splits.case import CHEXPERT_LABELS, Case
from leaderboards.statistics.classification_scores import UNKNOWN

CASES = [Case("a", "p", labels={"Edema": 1, "Pneumonia": 0, "Fracture": -1})]
EDEMA, PNEUMONIA, FRACTURE = (CHEXPERT_LABELS.index(name) for name in ("Edema", "Pneumonia", "Fracture"))


def test_what_nobody_knows_is_left_out() -> None:
    table = targets(CASES)
    assert table.shape == (1, 14) and table[0, EDEMA] == 1 and table[0, PNEUMONIA] == 0
    assert np.isnan(table[0]).sum() == 12, "uncertain (-1) and absent alike"
    assert truth(CASES)[0, FRACTURE] == UNKNOWN and (truth(CASES) == UNKNOWN).sum() == 12


def test_the_published_rule_counts_it_as_absent() -> None:
    assert targets(CASES, "zeros").sum() == 1 and not np.isnan(targets(CASES, "zeros")).any()
    assert set(np.unique(truth(CASES, "zeros"))) == {0, 1}

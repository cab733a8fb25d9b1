"""Card and record: what is a reconstruction is called one, and nothing of a case is in them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from made_condensing import small_settings
from toy_split import toy

from data_splits.integrity import canonical_json
from model_adapters.methods.satm.output import Result
from model_adapters.methods.satm.record import RECONSTRUCTED, card_of, record_of
from model_adapters.methods.satm.settings import CONTROLS
from model_adapters.methods.satm.source import open_source

SOURCE = open_source({"split": toy().split, "subset": "train", "classes": "view"}, 1)


def result(learnt: bool) -> Result:
    facts = {"losses": [float(k) for k in range(20, 0, -1)], "step_size": 0.1} if learnt else {}
    exact = np.zeros((2, 1, 4, 4), np.float32)
    return Result(np.zeros((2, 4, 4), np.uint8), np.array([0, 1]), SOURCE.cases[:2], learnt, exact, facts)


def test_the_method_stands_beside_its_controls() -> None:
    record = record_of(small_settings(), SOURCE, result(True), 5)
    assert (record["method"], record["control"], record["controls"]) == ("satm", False, list(CONTROLS))
    assert record["matching_loss"] == {"first": 19.5, "last": 1.5} and record["trainable"] == 33
    assert record["reconstructed"] == list(RECONSTRUCTED) and "reconstruction" in RECONSTRUCTED[0]
    text = canonical_json(record)
    assert not any(json.dumps(case.id) in text or json.dumps(case.patient) in text for case in SOURCE.cases)


def test_a_choice_of_real_images_learns_nothing(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("id\n")
    settings = small_settings(method="herding")
    record = record_of(settings, SOURCE, result(False), 0)
    assert record["control"] and record["trainable"] == 0 and record["matching_loss"] is None
    assert card_of(settings, SOURCE, 1, tmp_path).verified
    card = card_of(small_settings(), SOURCE, 1, tmp_path)
    assert not card.verified and card.notes == RECONSTRUCTED and card.training_data == ("toy",)

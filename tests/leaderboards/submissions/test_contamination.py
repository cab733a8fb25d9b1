"""Training data that the split shares is flagged, by any of its names."""

from __future__ import annotations

import pytest
from made_up_record import record

from leaderboards.submissions.contamination import flags


@pytest.mark.parametrize(
    ("data", "split", "subset", "message"),
    [
        (["mimic-cxr"], "mimic-cxr-jpg", "test", "trained on mimic-cxr, which the split"),
        (["LAION", "ChestX-ray14"], "nih-chestxray14", "test", "trained on ChestX-ray14"),
        (["phantom/train"], "phantom", "test", "the train part of phantom, which the split"),
        (["phantom/test"], "phantom", "test", "which is what it is asked about"),
        (["my-own"], "my own", "test", "trained on my-own"),
        ([], "phantom", "test", "declares no training data"),
        (["laion-5b"], "phantom", "test", ""),
        (["unihealth"], "nih-chestxray14", "test", ""),
    ],
)
def test_flags(data: list[str], split: str, subset: str, message: str) -> None:
    model = {"name": "m", "training_data": data, "parameters": 10}
    found = flags(record(model=model, split={"name": split, "subset": subset}))
    assert len(found) == (1 if message else 0) and all(message in each for each in found)


def test_a_control_without_weights_needs_no_training_data() -> None:
    assert flags(record(model={"name": "constant", "parameters": 0, "training_data": []})) == []

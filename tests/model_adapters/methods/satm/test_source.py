"""What is condensed: the cases of each class one after the other, and what the rule left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_split import toy

from data_splits.errors import UserError
from model_adapters.methods.satm.source import open_source


def test_classes_come_one_after_the_other_and_the_rest_is_counted() -> None:
    given = {"split": toy(train=9).split, "subset": "train", "classes": "Edema,No Finding"}
    source = open_source(given, 1)
    assert source.targets.tolist() == [0, 0, 0, 1, 1, 1]
    assert [case.id for case in source.cases] == ["t00", "t03", "t06", "t02", "t05", "t08"]
    assert source.counts == {"Edema": 3, "No Finding": 3, "left out": 3}
    assert source.facts["hash"] == given["split"].manifest.hash and source.facts["credentialed"] is False


@pytest.mark.parametrize("options", ["size=64; train=3", {"size": 64, "train": 3}])
def test_a_split_by_name_takes_options(options: object, tmp_path: Path) -> None:
    given = {"split": "phantom", "split_options": options, "subset": "train", "classes": "view"}
    source = open_source(given, 1)
    assert source.split.options["size"] == 64 and len({case.patient for case in source.cases}) == 3


def test_options_that_are_no_pairs_are_told() -> None:
    with pytest.raises(UserError, match="KEY=VALUE;KEY=VALUE"):
        open_source({"split": "phantom", "split_options": "size", "subset": "train", "classes": "view"}, 1)

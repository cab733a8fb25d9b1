from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.predictors.folder import HEADER_FILE, read_predictor, write_predictor


def made(path: Path) -> Path:
    arrays = {"weight": np.arange(6.0).reshape(2, 3).T, "count": np.array(7)}
    write_predictor(path, "lite0-probe", ("a", "b"), {"side": 32}, arrays)
    return path


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    found = read_predictor(made(tmp_path), "lite0-probe")
    assert (found.predictor, found.labels, dict(found.settings)) == ("lite0-probe", ("a", "b"), {"side": 32})
    assert found.arrays["weight"].tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]], "a transposed view too"
    assert found.arrays["count"].shape == (), "a number stays a number"
    again = read_predictor(made(tmp_path / "again"))
    assert again.sha256 == found.sha256


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("{", "not the header"),
        ('{"predictor": "x"}', "not the header"),
        (None, "has version 2"),
    ],
)
def test_a_header_of_another_kind_is_told(tmp_path: Path, header: str | None, message: str) -> None:
    path = made(tmp_path) / HEADER_FILE
    path.write_text(header or json.dumps(json.loads(path.read_text()) | {"predictor_version": 2}))
    with pytest.raises(UserError, match=message):
        read_predictor(tmp_path)


def test_a_folder_of_another_predictor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not 'resnet50'"):
        read_predictor(made(tmp_path), "resnet50")

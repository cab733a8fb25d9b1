from typing import Any

import pytest

from data_splits.errors import UserError
from model_adapters.methods.bads.settings import HELP, INPUTS, Settings


def test_every_setting_is_explained_and_has_a_default() -> None:
    assert HELP.keys() == INPUTS.keys() and all(each.default is not None for each in INPUTS.values())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"share": 1.0}, "share is 1.0"),
        ({"steps": 0}, "at least 1"),
        ({"rate": 0.0}, "above 0"),
        ({"normaliser": -0.1}, "0 or more"),
        ({"rate": float("nan")}, "above 0"),
        ({"momentum": 1.0}, "between 0 and 1"),
        ({"share": 0.001}, "between 0.005 and 0.995"),
        ({"weights": "frei"}, "free or network"),
        ({"weight_sees": "all"}, "example, loss or both"),
    ],
)
def test_values_out_of_range_are_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Settings(**given)

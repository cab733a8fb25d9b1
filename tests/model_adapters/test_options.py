import pytest

from data_splits.errors import UserError
from model_adapters.options import read_options

DEFAULTS = {"steps": 20, "guidance": 4.5, "images_root": "", "allow": False}


def test_text_takes_the_type_of_the_default() -> None:
    given = {"steps": "7", "guidance": "2", "images-root": "a", "allow": "true"}
    assert read_options(given, DEFAULTS, "x") == {"steps": 7, "guidance": 2.0, "images_root": "a", "allow": True}
    assert read_options({}, DEFAULTS, "x") == DEFAULTS


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"step": 1}, "Did you mean steps"),
        ({"zzz": 1}, "It has: steps, guidance"),
        ({"steps": "1.5"}, "whole number"),
        ({"guidance": "high"}, "a number"),
        ({"allow": "maybe"}, "true or false"),
    ],
)
def test_errors_name_the_fix(given: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_options(given, DEFAULTS, "x")

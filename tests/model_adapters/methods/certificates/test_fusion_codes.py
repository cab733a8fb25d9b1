import pytest

from data_splits.errors import UserError
from model_adapters.methods.certificates.fusion_codes import SETTINGS, book_of, steps

STANDARD = {name: each.default for name, each in SETTINGS.items()} | {"search": "auto"}


def test_the_default_code_of_eight_models_is_the_pilots() -> None:
    assert book_of(STANDARD, 8).count == 481 and steps(STANDARD, 8) == {"half": 20, "codes": 20}
    assert book_of(STANDARD, 1).most == 1


def test_a_large_pool_is_searched_greedily() -> None:
    assert book_of(STANDARD, 40).count > STANDARD["candidates_at_most"]
    assert steps(STANDARD, 40)["codes"] == -(-(1 + 160 + 156) // 25)


def test_levels_that_are_no_numbers() -> None:
    with pytest.raises(UserError, match="levels is 'low,high'; it is a list of numbers"):
        book_of({**STANDARD, "levels": "low,high"}, 3)

from typing import Any

import pytest

from data_splits.errors import UserError
from model_adapters.methods.capacity_control.families import FAMILIES
from model_adapters.methods.capacity_control.settings import INPUTS, LIMITS, read_settings
from model_adapters.methods.run import read_inputs


def inputs(**more: Any) -> dict[str, Any]:
    return read_inputs({"base": "embedded", "split": "phantom", "peft": "bias", **more}, INPUTS, "capacity-control")


def test_the_rate_is_the_familys_unless_it_is_given() -> None:
    assert read_settings(inputs(), "cpu").rate == FAMILIES["bias"].rate
    assert read_settings(inputs(learning_rate="0.02"), "cpu").rate == 0.02


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"peft": "lorra"}, "Did you mean lora"),
        ({"steps": -1}, "steps is -1; it lies between 0 and"),
        ({"batch": 6, "accumulate": 4}, "batch 6 cannot be cut into 4 equal parts"),
        ({"precision": "half"}, "precision is 'half'; it is float32, bfloat16, float16"),
        ({"precision": "float16"}, "precision=float16 needs a GPU"),
        ({"dtype": "int8"}, "dtype is 'int8'"),
        ({"noise_threshold": "big"}, "noise_threshold is 'big'"),
        ({"prompt_dropout": float("nan")}, "prompt_dropout is nan"),
    ],
)
def test_wrong_settings_are_told_in_a_line(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as told:
        read_settings(inputs(**given), "cpu")
    assert "\n" not in str(told.value)


def test_every_number_has_its_limits() -> None:
    numbers = {name for name, each in INPUTS.items() if type(each.default) in (int, float)}
    assert numbers == set(LIMITS)

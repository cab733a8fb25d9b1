import numpy as np
import pytest

from data_splits.errors import UserError
from model_adapters.check import check_generator
from model_adapters.protocols import BuildContext, GenerationRequest
from model_adapters.scaffold.templates import generator as my_adapter

REQUESTS = [GenerationRequest(f"c{index}", f"effusion of {index} cm", 100 + index) for index in range(3)]


def test_keeps_the_contract() -> None:
    checks = check_generator(my_adapter.build(BuildContext()), REQUESTS)
    assert len(checks) == 7 and not [check for check in checks if check.passed is False]


def test_draws_at_its_size_and_fills_the_grey_levels() -> None:
    generator = my_adapter.build(BuildContext(options={"size": "64"}))
    image = generator.generate(REQUESTS[:1])[0]
    assert image.shape == (64, 64) == (generator.card.resolution, generator.card.resolution)
    assert image.dtype == np.uint8 and np.ptp(image) > 100


def test_wrong_options_are_told() -> None:
    with pytest.raises(UserError, match="multiple of 16"):
        my_adapter.build(BuildContext(options={"size": "20"}))
    with pytest.raises(UserError, match="Did you mean size"):
        my_adapter.build(BuildContext(options={"sise": "64"}))

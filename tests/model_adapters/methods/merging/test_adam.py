import json
import math

import numpy as np
import pytest

from model_adapters.methods.merging.adam import Adam


def test_same_as_the_paper_written_out_for_one_number() -> None:
    slopes = np.random.default_rng(0).standard_normal(20).tolist()
    mine = Adam(np.array([[0.7]]), 0.05)
    value, mean, square = 0.7, 0.0, 0.0
    for count, slope in enumerate(slopes, start=1):
        mine.step(np.array([[slope]]))
        mean = 0.9 * mean + (1 - 0.9) * slope
        square = 0.999 * square + (1 - 0.999) * slope * slope
        value -= 0.05 * (mean / (1 - 0.9**count)) / (math.sqrt(square / (1 - 0.999**count)) + 1e-8)
    assert mine.value[0, 0] == pytest.approx(value, rel=1e-9)


def test_goes_on_from_its_state_exactly() -> None:
    slopes = np.random.default_rng(1).standard_normal((6, 4))
    whole, first, second = Adam(np.zeros(4), 0.1), Adam(np.zeros(4), 0.1), Adam(np.zeros(4), 0.1)
    for slope in slopes:
        whole.step(slope)
    for slope in slopes[:3]:
        first.step(slope)
    second.restore(json.loads(json.dumps(first.state())))
    for slope in slopes[3:]:
        second.step(slope)
    assert (second.value == whole.value).all()

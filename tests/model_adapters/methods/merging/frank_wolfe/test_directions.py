import pytest

from data_splits.errors import UserError
from model_adapters.methods.merging.frank_wolfe.directions import endpoint
from model_adapters.methods.merging.frank_wolfe.oracle import Answer
from model_adapters.methods.merging.ledger import Ledger

LEDGER = Ledger({"m": ("w",)}, {"m": {0: 0.5, 1: 0.25, 2: 0.25}})


def answer(products: dict[int, float]) -> Answer:
    here = sum(LEDGER.weights["m"].get(index, 0.0) * value for index, value in products.items())
    ranked = sorted(products, key=lambda index: products[index])
    return Answer({"m": products}, {"m": here}, {"m": ranked}, here - products[ranked[0]])


def test_fw_goes_to_the_vertex() -> None:
    assert endpoint(LEDGER, answer({0: 0.0, 1: 1.0, 2: 2.0, 3: -1.0}), "fw").weights == {"m": {3: 1.0}}


def test_pairwise_moves_the_worst_weight() -> None:
    end = endpoint(LEDGER, answer({0: 0.0, 1: 1.0, 2: 2.0, 3: -1.0}), "pairwise")
    assert end.weights == {"m": {0: 0.5, 1: 0.25, 3: 0.25}}


def test_away_where_it_promises_more() -> None:
    # here = .25 + 10 * .25 = 2.75: forward 2.75 - (-1) = 3.75, backward 10 - 2.75 = 7.25.
    far = endpoint(LEDGER, answer({0: 0.0, 1: 1.0, 2: 10.0, 3: -1.0}), "away")
    assert far.weights["m"] == pytest.approx({0: 2 / 3, 1: 1 / 3})
    near = endpoint(LEDGER, answer({0: 0.0, 1: 1.0, 2: 2.0, 3: -9.0}), "away")
    assert near.weights == {"m": {3: 1.0}}


def test_a_block_without_gradient_stays() -> None:
    still = Answer({"m": dict.fromkeys(range(3), 0.0)}, {"m": 0.0}, {"m": []}, 0.0)
    assert endpoint(LEDGER, still, "pairwise").weights == LEDGER.weights
    with pytest.raises(UserError, match="Did you mean pairwise"):
        endpoint(LEDGER, still, "pairwize")

import math

import numpy as np
import pytest

from data_splits.errors import UserError
from leaderboards.statistics.certificates.codes.kraft import kraft_sum
from model_adapters.methods.certificates.codebook import Codebook


def test_the_pilots_code_has_481_candidates() -> None:
    book = Codebook("sparse", 8, (0.1, 0.3, 0.5, 1.0), 2)
    listed = list(book.everything())
    assert len(listed) == len(set(listed)) == book.count == 1 + 8 * 4 + 28 * 16 == 481
    assert book.nats(()) == pytest.approx(math.log(3))
    assert book.nats(listed[1]) == pytest.approx(math.log(3 * 8 * 4))
    assert book.nats(listed[-1]) == pytest.approx(math.log(3 * 28 * 16))


@pytest.mark.parametrize("book", [Codebook("sparse", 4, (-1.0, 1.0), 3), Codebook("dense", 3, (0.0, 0.5, 1.0), 0)])
def test_a_code_is_a_prior(book: Codebook) -> None:
    listed = list(book.everything())
    assert kraft_sum([book.nats(each) for each in listed]) == pytest.approx(1.0)
    assert len({tuple(book.alpha(each)) for each in listed}) == book.count == len(listed)


def test_neighbours_stay_in_the_code() -> None:
    sparse, dense = Codebook("sparse", 4, (0.5, 1.0), 2), Codebook("dense", 2, (0.0, 0.5, 1.0), 0)
    everything = set(sparse.everything())
    assert set(sparse.grown(())) <= everything and len(set(sparse.grown(((1, 0),)))) == 6
    assert sparse.alpha(((0, 1), (3, 0))).tolist() == [1.0, 0.0, 0.0, 0.5]
    assert dense.alpha(dense.smallest()).tolist() == [0.0, 0.0]
    assert [dense.alpha(each).tolist() for each in dense.changed(dense.smallest(), 1)] == [[0, 0.5], [0, 1.0]]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("spars", 3, (1.0,), 1), "sparse or dense"), (("sparse", 3, (0.0, 1.0), 1), "Take 0 out"),
        (("sparse", 3, (1.0, 1.0), 1), "different numbers"), (("dense", 3, (np.inf,), 1), "different numbers"),
        (("sparse", 3, (1.0,), 4), "at most the 3"),
    ],
)  # fmt: skip
def test_what_is_no_code_is_refused(arguments: tuple, what: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(UserError, match=what):
        Codebook(*arguments)

"""All sparse vectors, counted; and the pilot's price."""

from __future__ import annotations

from itertools import product

import pytest

from leaderboards.statistics.certificates.codes.dense import dense
from leaderboards.statistics.certificates.codes.kraft import kraft_sum
from leaderboards.statistics.certificates.codes.sparse import sparse


@pytest.mark.parametrize("most", [None, 2, 4])
def test_every_sparse_vector_has_a_word_and_they_sum_to_one(most: int | None) -> None:
    largest = 4 if most is None else most
    supports = [sum(level > 0 for level in vector) for vector in product(range(4), repeat=4)]
    assert kraft_sum([sparse(4, s, 3, most) for s in supports if s <= largest]) == pytest.approx(1)


def test_price_of_the_references() -> None:
    """[1b]: K = 20, s = 1, L = 4: 7.4 nats, far below a dense code of as many levels and zero."""
    assert sparse(20, 1, 4) == pytest.approx(7.4, abs=0.05) and sparse(20, 1, 4) < dense(20, 5) / 4


@pytest.mark.parametrize("arguments", [(4, 5, 2), (4, -1, 2), (4, 1, 0), (4, 3, 2, 2), (4, 1, 2, 5)])
def test_nonsense_is_refused(arguments: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a support of"):
        sparse(*arguments)

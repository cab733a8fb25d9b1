"""All vectors of a tiny architecture and codebook, counted; and the parts of the length by hand."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product

import pytest

from leaderboards.statistics.certificates.codes.entropy import entropy_bits, entropy_nats
from leaderboards.statistics.certificates.codes.kraft import kraft_sum


@pytest.mark.parametrize(("parameters", "bits"), [(1, 2), (2, 2), (4, 2), (5, 1), (3, 3)])
def test_every_vector_of_a_tiny_codebook_has_a_word(parameters: int, bits: int) -> None:
    words = [
        entropy_nats(list(Counter(vector).values()), bits) for vector in product(range(2**bits), repeat=parameters)
    ]
    assert 0 < kraft_sum(words) <= 1


def test_length_by_hand() -> None:
    # 4 parameters at 2 levels: 2 bits for L, 2 x (16 + 2) for levels and counts, and the symbols take
    # 3 log2(4/3) + log2(4) = 3.245 bits, so 4 + 1.
    assert entropy_bits([3, 1]) == 2 + 36 + 5
    # One level: the symbols cost nothing but the end of the Shannon-Fano-Elias word.
    assert entropy_bits([1024]) == 10 + 26 + 1
    assert entropy_nats([3, 1]) == pytest.approx(43 * math.log(2))


def test_near_the_entropy_for_many_parameters() -> None:
    counts = [700_000, 200_000, 100_000]
    entropy = sum(n * math.log2(1e6 / n) for n in counts)
    assert entropy < entropy_bits(counts) < entropy + 150


@pytest.mark.parametrize("counts", [[], [3, 0]])
def test_nonsense_is_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="counts of levels"):
        entropy_bits(counts)


def test_a_codebook_that_makes_words_shorter_is_refused() -> None:
    with pytest.raises(ValueError, match="-100 bits"):
        entropy_bits([3, 1], -100)

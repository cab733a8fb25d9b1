from __future__ import annotations

from itertools import combinations

import networkx
import numpy as np
import pytest

from chexgenbench.tile_distances import draw_distances, extraction_distance, tile_distance

RNG = np.random.default_rng(0)


def test_the_worst_tile_counts() -> None:
    """One tile of 4 x 4 pixels differs by 0.5 everywhere: its distance is 0.5 * 4; another differs less."""
    one = np.zeros((16, 16))
    other = one.copy()
    other[4:8, 8:12] = 0.5
    other[0:4, 0:4] = 0.1
    assert tile_distance(one, other) == pytest.approx(2.0)


def test_agrees_with_a_loop_over_tiles() -> None:
    one, others = RNG.random((18, 18)), RNG.random((3, 18, 18))
    for other, found in zip(others, tile_distance(one, others), strict=True):
        tiles = [
            np.linalg.norm((one - other)[i * 4 : i * 4 + 4, j * 4 : j * 4 + 4]) for i in range(4) for j in range(4)
        ]
        assert found == pytest.approx(max(tiles))


@pytest.mark.parametrize("seed", range(20))
def test_a_prompt_is_extracted_at_a_threshold_exactly_if_networkx_finds_the_clique(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k = int(rng.integers(3, 8))
    draws, real = rng.random((k, 8, 8)), rng.random((8, 8))
    between, own = draw_distances(draws), tile_distance(draws, real)
    smallest = extraction_distance(between, own)
    for threshold in [*np.linspace(0.5, 2.0, 15), smallest, np.nextafter(smallest, 9)]:
        graph = networkx.Graph([(a, b) for a, b in combinations(range(k), 2) if between[a, b] < threshold])
        cliques = [clique for clique in networkx.find_cliques(graph) if len(clique) >= 3]
        extracted = any(own[member] < threshold for clique in cliques for member in clique)
        assert extracted == (smallest < threshold)


def test_a_chain_is_no_clique() -> None:
    """0 is near 1 and 1 near 2, but 0 is far from 2: connected, and no clique of three."""
    between = np.array([[0.0, 0.1, 5.0], [0.1, 0.0, 0.1], [5.0, 0.1, 0.0]])
    assert extraction_distance(between, np.zeros(3)) == 5.0


def test_two_draws_extract_nothing() -> None:
    assert extraction_distance(np.zeros((2, 2)), np.zeros(2)) == np.inf

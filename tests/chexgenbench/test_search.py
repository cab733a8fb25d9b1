from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from chexgenbench.search import Found, search


def features(n: int, d: int, seed: int, spread: float = 1.0, offset: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(n, d)) * spread + offset).astype(np.float32)


def brute(
    queries: np.ndarray, corpus: np.ndarray, k: int, patients: np.ndarray, exclude: np.ndarray, distinct: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and squared distances by a loop over everything in float64: independent of the code under test."""
    index, squared = np.full((len(queries), k), -1), np.full((len(queries), k), np.inf)
    for row, query in enumerate(queries.astype(np.float64)):
        distance = ((corpus.astype(np.float64) - query) ** 2).sum(axis=1)
        kept: list[int] = []
        for other in np.lexsort((np.arange(len(corpus)), distance)):
            seen = distinct and patients[other] in patients[kept]
            if patients[other] != exclude[row] and not seen and len(kept) < k:
                kept.append(int(other))
        index[row, : len(kept)], squared[row, : len(kept)] = kept, distance[kept]
    return index, squared


def same(one: Found, other: Found) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("index", "distance", "patient"))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 90), st.integers(1, 5), st.integers(1, 30), st.booleans(), st.booleans(),
    st.integers(1, 50), st.integers(1, 50), st.integers(0, 10**6),
)  # fmt: skip
def test_agrees_with_a_loop_for_any_block_tile_and_patients(
    n: int, m: int, k: int, people: int, distinct: bool, excluding: bool, block: int, tile: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    # Few distinct integer vectors: many exact ties and copies.
    corpus, queries = (rng.integers(-1, 2, (size, 3)).astype(np.float32) for size in (m, n))
    patients = rng.integers(0, people, m)
    exclude = rng.integers(0, people, n) if excluding else np.full(n, -1)
    found = search(
        queries, corpus, k, patients=patients, exclude=exclude, one_per_patient=distinct, block=block, tile=tile
    )
    index, squared = brute(queries, corpus, k, patients, exclude, distinct)
    assert np.array_equal(found.index, index)
    assert np.array_equal(found.distance, np.sqrt(squared))
    assert np.array_equal(found.patient, np.where(index < 0, -1, patients[index]))


@pytest.mark.parametrize(("spread", "offset"), [(1.0, 0.0), (1e-3, 100.0), (1e-20, 0.0), (1e3, -1e5)])
def test_float32_products_never_decide(spread: float, offset: float) -> None:
    corpus = features(700, 40, 0, spread, offset)
    queries = np.concatenate([features(60, 40, 1, spread, offset), corpus[:20], np.nextafter(corpus[:20], 0)])
    index, squared = brute(queries, corpus, 3, np.arange(700), np.full(100, -1), False)
    for block, tile in ((7, 64), (1024, 1024)):
        found = search(queries, corpus, 3, block=block, tile=tile)
        assert np.array_equal(found.index, index) and np.array_equal(found.distance, np.sqrt(squared))


def test_agrees_with_scikit_learn_and_with_the_older_search() -> None:
    from sklearn.neighbors import NearestNeighbors

    from chexgenbench.nearest import nearest

    corpus, queries = features(3000, 96, 2), features(500, 96, 3)
    found = search(queries, corpus, 5)
    distance, index = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(corpus.astype(float)).kneighbors(queries)
    assert np.array_equal(found.index, index) and np.allclose(found.distance, distance, atol=1e-9)
    older_index, older = nearest(queries, corpus, 5)
    assert np.array_equal(found.index, older_index) and np.array_equal(found.distance, older)


def test_leave_one_patient_out_never_finds_the_own_patient() -> None:
    corpus = features(900, 16, 4)
    patients = np.arange(900) // 3
    found = search(corpus, corpus, 2, patients=patients, exclude=patients)
    assert (found.patient != patients[:, None]).all() and (found.distance > 0).all()
    assert np.array_equal(search(corpus, corpus, 1).index[:, 0], np.arange(900))


def test_a_stream_of_parts_is_the_whole_array_and_threads_do_not_matter() -> None:
    corpus, queries, patients = features(2500, 64, 5), features(300, 64, 6), np.arange(2500) % 700
    whole = search(queries, corpus, 3, patients=patients, one_per_patient=True)
    parts = (corpus[start : start + 333] for start in range(0, 2500, 333))
    assert same(search(queries, parts, 3, patients=patients, one_per_patient=True), whole)
    with threadpool_limits(1):
        assert same(search(queries, corpus, 3, patients=patients, one_per_patient=True, block=50), whole)


def test_fewer_than_k_are_infinity_and_nobody() -> None:
    corpus = features(4, 5, 0)
    found = search(corpus[:2], corpus, 3, patients=np.array([0, 0, 1, 1]), one_per_patient=True)
    assert (
        (found.index[:, 2] == -1).all() and np.isinf(found.distance[:, 2]).all() and (found.patient[:, 2] == -1).all()
    )
    assert np.isfinite(found.distance[:, :2]).all()
    assert np.isinf(search(corpus, iter(()), 1).distance).all()


def test_bad_input_is_refused() -> None:
    x = features(4, 5, 0)
    for queries, corpus, more, message in (
        (x.astype(float), x, {}, "float32"),
        (x, np.where(x > 0, np.float32(np.nan), x), {}, "NaN"),
        (x, x[:, :3], {}, "dimensions"),
        (x, x, {"one_per_patient": True}, "needs the patient"),
        (x, x, {"patients": np.zeros(3, int)}, "patients"),
        (x, x, {"patients": np.zeros(5, int)}, "patients"),
        (x, x, {"patients": np.zeros(4, int), "exclude": np.zeros(2, int)}, "exclude"),
        (x * np.float32(1e20), x, {}, "too large"),
        (x, x * np.float32(1e20), {}, "too large"),
    ):
        with pytest.raises(ValueError, match=message):
            search(queries, corpus, 1, **more)
    with pytest.raises(ValueError, match="k = 0"):
        search(x, x, 0)

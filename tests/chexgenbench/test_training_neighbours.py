from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from made_features import side
from planted_copies import planted
from threadpoolctl import threadpool_limits

from chexgenbench import training_neighbours
from chexgenbench.training_neighbours import Near, distances, near, near_others, training_set


def test_searched_once_a_run_and_again_for_another_corpus() -> None:
    data = planted(0.1, held_out=60, corpus=100, prompts=20)
    with mock.patch.object(training_neighbours, "search", wraps=training_neighbours.search) as search:
        first = near(data, data.reference)
        again = near(replace(data, generated=data.reference), data.reference.take(np.arange(60)))
        assert search.call_count == 1 and again is first
        smaller = replace(data, corpus=data.corpus.take(np.arange(50)))
        assert (near(smaller, data.reference).first >= first.first).all() and search.call_count == 2
        assert near(data, data.reference) is first


def test_what_is_kept_between_metrics_holds_no_features() -> None:
    data = planted(0.1, held_out=60, corpus=4000, prompts=20)
    near(data, data.reference)
    kept = training_set(data)
    assert kept is not None
    numbers = [each.nbytes for found in kept.found.values() for each in vars(found).values()]
    assert sum(numbers) + kept.patients.nbytes < data.corpus.features.nbytes / 10


def test_second_is_of_another_patient_and_own_patient_is_left_out() -> None:
    corpus = side(np.array([[0.0], [0.1], [5.0], [9.0]]), [0, 0, 1, 2], prefix="t")
    data = replace(planted(0.0, held_out=20, corpus=20, prompts=5), corpus=corpus, shared={})
    found = near(data, side(np.array([[0.2]])))
    assert found.index.tolist() == [1] and np.allclose((found.first, found.second), [[0.1], [4.8]])
    assert np.allclose(near_others(data, corpus), [5.0, 4.9, 4.0, 4.0], atol=1e-6)
    assert np.allclose(near_others(data, corpus, image_level=True), [0.1, 0.1, 4.0, 4.0], atol=1e-6)
    stranger = side(np.array([[0.2]]), [7], prefix="x")
    assert np.allclose(near_others(data, stranger), [0.1])


def test_ratio_of_a_shared_image_is_nought() -> None:
    ratio = Near(np.array([0.0, 1.0, 0.0]), np.array([0.0, 2.0, 3.0]), np.zeros(3, np.int64)).ratio
    assert ratio.tolist() == [0.0, 0.5, 0.0]


def test_threads_do_not_move_a_digit() -> None:
    data = planted(0.1, held_out=60, corpus=600, prompts=20)
    one = near(data, data.reference)
    with threadpool_limits(1):
        other = near(replace(data, shared={}), data.reference)
    assert np.array_equal(one.first, other.first) and np.array_equal(one.second, other.second)


def test_distances_are_of_pairs_and_one_patient_is_no_training_set() -> None:
    one, other = side(np.array([[0.0, 0.0], [1.0, 1.0]])), side(np.array([[3.0, 4.0], [1.0, 1.0]]))
    assert distances(one, other).tolist() == [5.0, 0.0]
    data = planted(0.0, held_out=20, corpus=20, prompts=5)
    alone = replace(data, corpus=data.corpus.take([0, 1]), shared={})
    assert training_set(alone) is None and training_set(replace(data, corpus=None)) is None
    with pytest.raises(ValueError, match="two patients"):
        near(alone, data.reference)

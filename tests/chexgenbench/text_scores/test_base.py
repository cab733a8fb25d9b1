from __future__ import annotations

import numpy as np
import pytest

from chexgenbench.text_scores.base import both_given, hits, lacks_package, means


def test_both_rules_for_uncertain_labels() -> None:
    reference, generated = np.array([[1, -1, 0, -1]]), np.array([[-1, -1, 1, 0]])
    minus, plus = hits(reference, generated).reshape(2, 4, 3)
    assert minus.tolist() == [[0, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert plus.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_nan_is_an_error() -> None:
    with pytest.raises(ValueError, match="NaN"):
        means([0.5, float("nan")])


def test_missing_packages_are_named_with_the_way_to_get_them() -> None:
    assert lacks_package("numpy", "reports") is None
    assert (
        lacks_package("no_such_package", "reports")
        == 'no_such_package is missing: pip install "chexgenbench-suite[reports]"'
    )


def test_empty_pairs() -> None:
    assert both_given(["a", " ", "b"], ["c", "d", ""]).tolist() == [True, False, False]

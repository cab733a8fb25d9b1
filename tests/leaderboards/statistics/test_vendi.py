from __future__ import annotations

import numpy as np
import pytest

from leaderboards.statistics.vendi import vendi


def test_equal_eigenvalues_count_themselves() -> None:
    estimate = vendi({"eigenvalues": np.array([0.25, 0.25, 0.25, 0.25, 0.0])})
    assert estimate.value == pytest.approx(4.0)
    assert estimate.low is None and estimate.interval_reason


def test_scale_of_the_spectrum_does_not_matter_and_the_other_similarity_is_extra() -> None:
    spectrum = np.random.default_rng(0).random(9)
    one = vendi({"eigenvalues": spectrum, "eigenvalues_uncentred": np.array([3.0, 3.0])})
    assert one.value == pytest.approx(vendi({"eigenvalues": 7 * spectrum}).value)
    assert one.value == pytest.approx(np.exp(-(spectrum / spectrum.sum() * np.log(spectrum / spectrum.sum())).sum()))
    assert one.extra == {"uncentred": pytest.approx(2.0)}


def test_nothing_to_compare_and_impossible_spectra() -> None:
    assert vendi({"eigenvalues": np.zeros(4)}).value is None
    with pytest.raises(ValueError, match="negative"):
        vendi({"eigenvalues": np.array([1.0, -0.1])})

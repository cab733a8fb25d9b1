from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from made_features import resolved, score, side

from chexgenbench.metrics.base import MetricInput
from chexgenbench.metrics.fidelity.recall import METRIC


def data(private: bool = False, patients: int = 60) -> MetricInput:
    rng = np.random.default_rng(0)
    of = np.arange(2 * patients) // 2
    generated, reference = rng.normal(size=(len(of), 12)) * 0.9, rng.normal(size=(len(of), 12))
    sides = side(generated, of), side(reference, of, source=None if private else "enc.reference")
    return MetricInput(*sides, "enc", 5, share_reference=not private)


def test_equals_prdc_with_an_interval_around_it() -> None:
    from prdc import compute_prdc

    d = data()
    with contextlib.redirect_stdout(io.StringIO()):
        expected = compute_prdc(d.reference.features.astype(float), d.generated.features.astype(float), 5)["recall"]
    estimate = score(METRIC, d)
    assert estimate.value == pytest.approx(expected, abs=1e-12)
    assert estimate.low < estimate.value < estimate.high
    assert "patient" in estimate.method and "fixed" in estimate.method


def test_images_are_clustered_by_patient_of_the_reference_side() -> None:
    d = data()
    arrays = resolved(METRIC.measure(d), d)
    assert np.array_equal(arrays["cluster"], np.unique(d.reference.patients, return_inverse=True)[1])


def test_private_reference_is_stored_in_blocks_of_at_least_20_patients() -> None:
    d = data(private=True, patients=130)
    arrays = resolved(METRIC.measure(d), d)
    assert len(arrays["values"]) == 6 and arrays["size"].min() >= 40 and arrays["size"].sum() == 260
    assert score(METRIC, d).value == pytest.approx(score(METRIC, data(patients=130)).value)

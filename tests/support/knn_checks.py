"""What precision, recall, density and coverage have in common, checked for each by the test file of its name."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from made_features import resolved, score, side

from chexgenbench.metrics.base import Metric, MetricInput


def two_images_a_patient(private: bool = False, patients: int = 60) -> MetricInput:
    """Paired sides of which the generated one is a little narrow; `private` hides the features of the reference."""
    rng = np.random.default_rng(0)
    of = np.arange(2 * patients) // 2
    generated, reference = rng.normal(size=(len(of), 12)) * 0.9, rng.normal(size=(len(of), 12))
    sides = side(generated, of), side(reference, of, source=None if private else "enc.reference")
    return MetricInput(*sides, "enc", 5, share_reference=not private)


def check_equals_prdc(metric: Metric) -> None:
    """The value is that of the `prdc` package, inside an interval that says what it holds fixed."""
    from prdc import compute_prdc

    data = two_images_a_patient()
    real, fake = (part.features.astype(float) for part in (data.reference, data.generated))
    with contextlib.redirect_stdout(io.StringIO()):
        expected = compute_prdc(real, fake, 5)[metric.name]
    estimate = score(metric, data)
    assert estimate.value == pytest.approx(expected, abs=1e-12)
    assert estimate.low < estimate.value < estimate.high
    assert "patient" in estimate.method and "fixed" in estimate.method


def check_clusters_are_patients(metric: Metric, of: str) -> None:
    """The stored clusters are the patients of one side, "generated" or "reference"."""
    data = two_images_a_patient()
    arrays = resolved(metric.measure(data), data)
    assert np.array_equal(arrays["cluster"], np.unique(getattr(data, of).patients, return_inverse=True)[1])


def check_private_reference_in_blocks(metric: Metric) -> None:
    """A credentialed reference is stored as means of at least 20 patients, and gives the same value."""
    data = two_images_a_patient(private=True, patients=130)
    arrays = resolved(metric.measure(data), data)
    assert len(arrays["values"]) == 6 and arrays["size"].min() >= 40 and arrays["size"].sum() == 260
    assert score(metric, data).value == pytest.approx(score(metric, two_images_a_patient(patients=130)).value)


def check_private_floor_in_blocks(metric: Metric) -> None:
    """Generated images stay open beside a credentialed reference; real ones in their place do not."""
    data = two_images_a_patient(private=True, patients=130)
    assert len(metric.measure(data).arrays["values"]) == 260
    real = MetricInput(data.reference, data.reference, "enc", 5, share_reference=False)
    assert len(metric.measure(real).arrays["values"]) == 6

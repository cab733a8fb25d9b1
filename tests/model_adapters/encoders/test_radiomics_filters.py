from __future__ import annotations

import numpy as np
import pytest

from model_adapters.encoders.radiomics_filters import HIGH_PASS, LOW_PASS, PICTURES, levels, normalised, pictures


def test_the_wavelet_is_coif1() -> None:
    """Published coefficients; unit norm, orthogonal to even shifts, and two vanishing moments of the high pass."""
    known = [-0.0156557285, -0.0727326195, 0.3848648469, 0.8525720202, 0.3378976625, -0.0727326195]
    np.testing.assert_allclose(LOW_PASS, known, atol=1e-9)
    assert LOW_PASS.sum() == pytest.approx(2**0.5) and (LOW_PASS**2).sum() == pytest.approx(1)
    for shift in (2, 4):
        assert LOW_PASS[shift:] @ LOW_PASS[:-shift] == pytest.approx(0, abs=1e-12)
        assert HIGH_PASS[shift:] @ LOW_PASS[:-shift] == pytest.approx(0, abs=1e-12)
    assert pytest.approx(0, abs=1e-12) == HIGH_PASS @ LOW_PASS
    assert HIGH_PASS.sum() == pytest.approx(0, abs=1e-12)
    assert HIGH_PASS @ np.arange(6) == pytest.approx(0, abs=1e-12)


def test_bands_keep_the_energy_of_the_image() -> None:
    """Undecimated and orthogonal: the four bands hold four times the image's energy."""
    image = np.random.default_rng(0).normal(size=(32, 32))
    found = pictures(image)
    assert tuple(found) == PICTURES
    energy = sum(float((found[band] ** 2).sum()) for band in ("LL", "LH", "HL", "HH"))
    assert energy == pytest.approx(4 * float((found["original"] ** 2).sum()))


def test_bands_tell_directions_apart() -> None:
    rows = np.tile(np.array([1.0, -1.0])[:, None], (16, 32)).repeat(1, axis=0)
    found = pictures(rows)
    assert found["HL"].std() > 100 and found["LH"].std() < 1e-9, "changes down the rows"


def test_the_laplacian_answers_a_blob_of_its_size_most() -> None:
    """Of a Gaussian blob of s.d. t the scale-normalised answer in its middle is greatest at sigma = t."""
    y, x = np.indices((129, 129)) - 64.0
    for t in (1.0, 2.0):
        found = pictures(np.exp(-(x**2 + y**2) / (2 * t * t)))
        answers = {sigma: -found[f"log{sigma:g}"][64, 64] for sigma in (1.0, 1.5, 2.0, 2.5)}
        assert max(answers, key=lambda sigma: answers[sigma]) == t


def test_normalised_and_levels() -> None:
    image = np.random.default_rng(1).normal(7, 3, (20, 20))
    out = normalised(image)
    assert out.mean() == pytest.approx(0, abs=1e-10) and out.std() == pytest.approx(100)
    assert not normalised(np.full((4, 4), 0.1, np.float32)).any()
    np.testing.assert_array_equal(levels(np.array([[-7.0, -5.0, -0.1], [0.0, 4.9, 5.0]])), [[1, 2, 2], [3, 3, 4]])

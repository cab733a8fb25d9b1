"""The inverse against 60-digit bisection: never below the root, and hardly above it."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy.special import rel_entr

from leaderboards.statistics.certificates.binary_kl import binary_kl, kl_inverse

DIGITS = 60


def exact_kl(q: Decimal, p: Decimal) -> Decimal:
    def term(a: Decimal, b: Decimal) -> Decimal:
        if a == 0:
            return Decimal(0)
        return Decimal("Infinity") if b == 0 else a * (a / b).ln()

    return term(q, p) + term(1 - q, 1 - p)


def is_not_below_the_root(q: float, c: float, p: float) -> bool:
    """kl(q || p) >= c to 60 digits, of the very doubles: so p is the root or above it."""
    with localcontext() as context:
        context.prec = DIGITS
        return p == 1.0 or exact_kl(Decimal(q), Decimal(p)) >= Decimal(c)


def is_close_above(q: float, c: float, p: float, slack: float) -> bool:
    """The root is above p - slack (p - q) - a few units in the last place."""
    with localcontext() as context:
        context.prec = DIGITS
        below = Decimal(p) - Decimal(slack) * (Decimal(p) - Decimal(q)) - Decimal(2.0**-50) * Decimal(p)
        return below <= Decimal(q) or exact_kl(Decimal(q), below) < Decimal(c)


RISKS = [0.0, 1e-300, 1e-17, 1e-9, 1e-4, 1 / 3, 0.01, 0.05, 0.1, 0.25, 0.5, 0.77, 0.9, 0.99, 1 - 1e-6, 1 - 1e-12]
NATS = [1e-15, 1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 36.0, 40.0, 700.0]


def test_inverse_is_never_below_the_root_and_hardly_above_it() -> None:
    q, c = np.meshgrid(RISKS, NATS)
    p = kl_inverse(q, c)
    for each in zip(q.flat, c.flat, p.flat, strict=True):
        risk, nats, root = (float(number) for number in each)
        assert is_not_below_the_root(risk, nats, root), each
        assert is_close_above(risk, nats, root, 1e-6 if nats < 1e-9 else 1e-10), each


def test_inverse_at_random_points() -> None:
    rng = np.random.default_rng(5)
    q, c = rng.uniform(0, 0.999, 400), 10 ** rng.uniform(-5, 1, 400)
    p = kl_inverse(q, c)
    for risk, nats, root in zip(q.tolist(), c.tolist(), p.tolist(), strict=True):
        assert is_not_below_the_root(risk, nats, root)
        assert is_close_above(risk, nats, root, 1e-11)


def test_a_root_that_is_too_low_would_be_noticed() -> None:
    root = float(kl_inverse(0.1, 0.07))
    assert not is_not_below_the_root(0.1, 0.07, root - 1e-13)
    assert not is_close_above(0.1, 0.07, root + 1e-11, 1e-12)


def test_hundreds_of_thousands_agree_with_the_definition_and_are_monotone() -> None:
    rng = np.random.default_rng(0)
    q, c = rng.uniform(0, 0.95, 100_000), rng.uniform(1e-5, 10, 100_000)
    p = kl_inverse(q, c)
    inside = p < 1 - 1e-6
    np.testing.assert_allclose(binary_kl(q[inside], p[inside]), c[inside], rtol=1e-9)
    assert (np.diff(kl_inverse(0.1, np.linspace(0, 5, 2001))) > 0).all()
    assert (np.diff(kl_inverse(np.linspace(0, 1, 2001), 0.05)) >= 0).all()


def test_closed_forms_at_the_edges() -> None:
    np.testing.assert_allclose(kl_inverse(0.0, [0.01, 1.0, 3.0]), 1 - np.exp([-0.01, -1.0, -3.0]), rtol=1e-14)
    assert kl_inverse(1.0, 0.3) == 1 and kl_inverse(0.3, np.inf) == 1 and kl_inverse(0.3, 0.0) == 0.3
    assert kl_inverse(0.0, 0.0) == 0 and kl_inverse(0.5, 0.1).shape == ()
    # q = 1/2: kl = -ln(4 p (1 - p)) / 2 has the root 1/2 + sqrt(1 - exp(-2 c)) / 2.
    np.testing.assert_allclose(kl_inverse(0.5, [0.02, 0.5]), 0.5 + np.sqrt(1 - np.exp([-0.04, -1.0])) / 2, rtol=1e-13)


def test_kl_agrees_with_scipy_and_keeps_its_digits_where_the_textbook_form_cancels() -> None:
    q, p = np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 31))
    np.testing.assert_allclose(binary_kl(q, p), rel_entr(q, p) + rel_entr(1 - q, 1 - p), rtol=1e-12, atol=1e-15)
    for q_, p_ in ((0.3, 0.3 + 1e-9), (1e-6, 2e-6), (0.999, 0.9990001)):
        with localcontext() as context:
            context.prec = DIGITS
            wanted = float(exact_kl(Decimal(q_), Decimal(p_)))
        assert float(binary_kl(q_, p_)) == pytest.approx(wanted, rel=1e-10)
    assert binary_kl(0.2, 0.2) == 0 and binary_kl(0.2, 0.0) == np.inf and binary_kl(0.2, 1.0) == np.inf


@pytest.mark.parametrize(("q", "c"), [(-0.1, 1), (1.1, 1), (np.nan, 1), (0.5, -1e-9), (0.5, np.nan)])
def test_nonsense_is_refused(q: float, c: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        kl_inverse(q, c)


def test_pilot_table_of_quantised_coefficients() -> None:
    """References [1b]: ln M = K bits ln 2, delta .05, n = 100, r = .10."""
    table = {
        3: (0.221, 0.249, 0.297, 0.375, 0.497),
        5: (0.240, 0.282, 0.351, 0.460, 0.616),
        8: (0.266, 0.325, 0.420, 0.561, 0.740),
        20: (0.351, 0.460, 0.616, 0.798, 0.942),
    }
    bits = np.array([1, 2, 4, 8, 16])
    for models, wanted in table.items():
        found = kl_inverse(0.1, (models * bits * np.log(2) - np.log(0.05)) / 100)
        np.testing.assert_allclose(found, wanted, atol=5.1e-4)

import numpy as np
import pytest

from data_splits.errors import UserError
from leaderboards.statistics.certificates.bounds import mcallester, pac_bayes_kl, quadratic
from model_adapters.methods.certificates.surrogates import SURROGATES, surrogate

BOUNDS = {
    "pac-bayes-kl": pac_bayes_kl.pac_bayes_kl, "quadratic": quadratic.quadratic, "mcallester": mcallester.mcallester,
}  # fmt: skip


@pytest.mark.parametrize("name", SURROGATES)
@pytest.mark.parametrize(("risk", "n", "nats"), [(0.05, 100, 2.0), (0.4, 30, 0.0), (0.2, 1000, 30.0)])
def test_value_is_the_certificate_and_slopes_are_its_differences(name: str, risk: float, n: int, nats: float) -> None:
    found = surrogate(name)(risk, n, nats, 0.04)
    assert found.value == pytest.approx(float(BOUNDS[name](risk, n, nats, 0.04)), rel=1e-9)
    step = 1e-5
    ahead, behind = (SURROGATES[name](risk + sign * step, n, nats, 0.04).value for sign in (1, -1))
    assert found.by_risk == pytest.approx((ahead - behind) / (2 * step), rel=1e-5)
    ahead, behind = (SURROGATES[name](risk, n, nats + sign * step, 0.04).value for sign in (1, 0))
    assert found.by_nats == pytest.approx((ahead - behind) / step, rel=1e-4)


def test_no_risk_at_all_has_slopes_too() -> None:
    for each in SURROGATES.values():
        assert np.isfinite(each(0.0, 10, 0.0, 0.05)).all()


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="Did you mean quadratic"):
        surrogate("quadratik")

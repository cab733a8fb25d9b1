"""A claim that keeps the rules becomes a certificate of the right number; the pilot's controls do not."""

from __future__ import annotations

import numpy as np
import pytest
from made_claims import errors_of, fixed, gibbs, occam, sample_of

from leaderboards.statistics.certificates.bounds.anytime import anytime
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.certify import certify
from leaderboards.statistics.certificates.claim import Choice, Refused
from leaderboards.statistics.certificates.families import FAMILIES
from leaderboards.statistics.certificates.verify import verify


def test_the_value_is_the_bound_and_the_record_says_what_it_rests_on() -> None:
    certificate = certify(occam())
    assert certificate.value == float(exact_occam(5, 100, np.log(481), 0.05))
    assert (certificate.n, certificate.loss_sum, certificate.risk) == (100, 5.0, 0.05)
    assert [each.role for each in certificate.sources] == ["hypotheses", "pool"]
    assert certificate.sources[1].cases == 2 and certificate.complexity is not None


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_issues_certificates_that_verify(family: str) -> None:
    kind = FAMILIES[family]
    make = {"hypotheses": occam, "prior": gibbs, "training": fixed}[kind.fixed]
    certificate = certify(make(family=family))
    assert verify(certificate) == [] and 0.05 < certificate.value < 0.5


def test_bounded_losses_and_numbers_of_numpy() -> None:
    losses = np.linspace(0, 0.4, 100)
    certificate = certify(
        occam(family="chernoff-occam", loss="bounded", loss_name="bounded cross-entropy", losses=losses,
              code_parameters={"hypotheses": np.int64(481)}, looked_at=np.int64(3))
    )  # fmt: skip
    assert verify(certificate) == [] and certificate.risk == pytest.approx(0.2)


def test_looks_of_an_anytime_claim() -> None:
    losses = errors_of(100, 3)[::-1]
    certificate = certify(fixed(family="anytime", losses=losses, looks=(25, 50, 90)))
    assert [each.n for each in certificate.looks] == [25, 50, 90, 100]
    looked = anytime([0, 0, 0, 3], [25, 50, 90, 100], 0.0, 0.05)
    assert certificate.value == looked.min() == looked[2]
    assert certificate.value < certify(fixed(family="anytime", losses=losses)).value
    for looks in ((50, 25), (0, 10), (101,)):
        with pytest.raises(Refused, match="Looks are rising"):
            certify(fixed(family="anytime", looks=looks))


def test_the_pilots_control_without_union_is_refused_and_paying_makes_it_right() -> None:
    """References [V3](iii): the best of 481 on the sample, certified as if it had been the only one."""
    with pytest.raises(Refused, match="scored 481 predictors, but the claim pays for 1"):
        certify(fixed(looked_at=481))
    free = certify(fixed()).value
    paid = certify(fixed(looked_at=481, choices=(Choice("candidate", options=481),))).value
    assert paid == pytest.approx(certify(occam()).value, rel=1e-12) and paid > free + 0.05


def test_monotone_in_n_and_non_vacuous_at_25() -> None:
    values = [certify(occam(n=n, wrong=n // 25)).value for n in (25, 50, 100, 200, 400)]
    assert (np.diff(values) < 0).all() and values[0] < 0.5
    assert certify(occam(sample=sample_of(100), simultaneous=10)).value > certify(occam()).value

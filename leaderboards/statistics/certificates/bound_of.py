"""The bound of a certificate from nothing but its stored numbers: what issues a certificate and what verifies one."""

from __future__ import annotations

from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.claim import Choice
from leaderboards.statistics.certificates.codes.registry import code_nats
from leaderboards.statistics.certificates.families import FAMILIES, Terms
from leaderboards.statistics.certificates.gibbs_risk import gibbs_risk


def bound_of(certificate: Certificate) -> float:
    """The bound, at most 1; prices of code and choices are computed again, not read.

    delta is divided by the number of simultaneous certificates, the draws' part is taken off, and every choice on the
    sample is paid for both by the bound and by the draws.

    Raises:
        ValueError: numbers that no claim leads to, such as more errors than cases. KeyError: no such family.
    """
    choices = sum(Choice(each.name, each.options, each.index).nats for each in certificate.choices)
    price = certificate.complexity
    complexity = 0.0 if price is None else code_nats(price.code, price.parameters)
    share = certificate.delta / certificate.simultaneous
    risk = risk_of(certificate)
    if certificate.monte_carlo is not None:
        spent = certificate.monte_carlo
        share -= spent.delta
        if share <= 0:
            raise ValueError(f"the draws cost {spent.delta}, all of delta")
        risk = float(gibbs_risk(risk, spent.draws, spent.delta, complexity=choices))
    terms = Terms(
        n=certificate.n,
        loss_sum=certificate.loss_sum,
        risk=risk,
        nats=complexity + choices,
        delta=share,
        looks=tuple((each.n, each.loss_sum) for each in certificate.looks),
        parameters=certificate.parameters,
    )
    return min(FAMILIES[certificate.family].bound(terms), 1.0)


def risk_of(certificate: Certificate) -> float:
    """Mean loss over cases and draws."""
    draws = 1 if certificate.monte_carlo is None else certificate.monte_carlo.draws
    return certificate.loss_sum / (certificate.n * draws)

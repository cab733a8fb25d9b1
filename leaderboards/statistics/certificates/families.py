"""The bounds by name: what each certifies, of which loss, at which price, and its formula from stored numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from leaderboards.statistics.certificates.bounds.anytime import anytime
from leaderboards.statistics.certificates.bounds.catoni import catoni
from leaderboards.statistics.certificates.bounds.chernoff_occam import chernoff_occam
from leaderboards.statistics.certificates.bounds.exact_occam import exact_occam
from leaderboards.statistics.certificates.bounds.hoeffding_occam import hoeffding_occam
from leaderboards.statistics.certificates.bounds.lambda_form import lambda_form
from leaderboards.statistics.certificates.bounds.mcallester import mcallester
from leaderboards.statistics.certificates.bounds.pac_bayes_kl import pac_bayes_kl
from leaderboards.statistics.certificates.bounds.quadratic import quadratic

PredictorKind = Literal["deterministic", "gibbs"]
LossKind = Literal["zero-one", "bounded"]


@dataclass(frozen=True)
class Terms:
    """What a bound is computed from.

    Attributes:
        n: cases. loss_sum: of their losses, per hypothesis. risk: loss_sum / n, or the Monte-Carlo upper bound on the
            Gibbs risk.
        nats: complexity and choices. delta: what is left for the bound itself.
        looks: (cases so far, their loss sum) at each look, the last being all.
        parameters: of the family.
    """

    n: int
    loss_sum: float
    risk: float
    nats: float
    delta: float
    looks: tuple[tuple[int, float], ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Family:
    """A kind of certificate.

    Attributes:
        title: as readers see it. predictor: what it certifies. losses: kinds it holds for.
        price: "ln M" for a prior over hypotheses, "KL" for a posterior, None where one fixed predictor is tested.
        fixed: which source must be stated: what was fixed before the sample was seen, and on what data.
        bound: the formula. parameters: names it takes.
    """

    title: str
    predictor: PredictorKind
    losses: tuple[LossKind, ...]
    price: Literal["ln M", "KL"] | None
    fixed: Literal["hypotheses", "prior", "training"]
    bound: Callable[[Terms], float]
    parameters: tuple[str, ...] = ()


def _anytime(terms: Terms) -> float:
    looks = terms.looks or ((terms.n, terms.loss_sum),)
    counts, sums = [count for count, _ in looks], [total for _, total in looks]
    return float(anytime(sums, counts, terms.nats, terms.delta).min())


def _with(function: Callable[..., Any]) -> Callable[[Terms], float]:
    return lambda terms: float(function(terms.risk, terms.n, terms.nats, terms.delta))


_BOTH: tuple[LossKind, ...] = ("zero-one", "bounded")

FAMILIES: dict[str, Family] = {
    "hoeffding-occam": Family(
        "Hoeffding-Occam", "deterministic", _BOTH, "ln M", "hypotheses", _with(hoeffding_occam)
    ),
    "chernoff-occam": Family("Chernoff-kl Occam", "deterministic", _BOTH, "ln M", "hypotheses", _with(chernoff_occam)),
    "exact-occam": Family(
        "exact binomial Occam", "deterministic", ("zero-one",), "ln M", "hypotheses",
        lambda terms: float(exact_occam(terms.loss_sum, terms.n, terms.nats, terms.delta)),
    ),
    "pac-bayes-kl": Family("PAC-Bayes-kl", "gibbs", _BOTH, "KL", "prior", _with(pac_bayes_kl)),
    "mcallester": Family("McAllester", "gibbs", _BOTH, "KL", "prior", _with(mcallester)),
    "quadratic": Family("PAC-Bayes quadratic", "gibbs", _BOTH, "KL", "prior", _with(quadratic)),
    "lambda": Family(
        "PAC-Bayes lambda", "gibbs", _BOTH, "KL", "prior",
        lambda terms: float(lambda_form(terms.risk, terms.n, terms.nats, terms.delta, terms.parameters.get("lam"))),
        ("lam",),
    ),
    # Its grid is not a parameter: a C picked after the sample was seen would be an unpaid choice.
    "catoni": Family("Catoni", "gibbs", _BOTH, "KL", "prior", _with(catoni)),
    "held-out": Family(
        "test-set", "deterministic", ("zero-one",), None, "training",
        lambda terms: float(exact_occam(terms.loss_sum, terms.n, terms.nats, terms.delta)),
    ),
    "anytime": Family("anytime betting", "deterministic", _BOTH, None, "training", _anytime),
}  # fmt: skip
"""Family name -> what it is. `held-out` is the test-set bound."""

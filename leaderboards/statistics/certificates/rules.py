"""The rules that make a bound a certificate, each checked on the claim: it yields evidence, or refuses in one line."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from leaderboards.statistics.certificates.claim import Claim, Refused
from leaderboards.statistics.certificates.codes.registry import CODES, code_nats
from leaderboards.statistics.certificates.families import FAMILIES, Family

Basis = Literal["checked", "declared"]


@dataclass(frozen=True)
class Evidence:
    """That a rule holds: checked by the machine, or declared by the claimant."""

    rule: str
    basis: Basis
    note: str


def check(claim: Claim) -> tuple[Evidence, ...]:
    """Evidence for every rule, in the order of RULES.

    Raises:
        Refused: the first rule that the claim breaks.
    """
    return tuple(rule(claim) for rule in RULES.values())


def _family(claim: Claim) -> Family:
    if claim.family not in FAMILIES:
        raise Refused("family", f"There is no bound {claim.family!r}; known: {', '.join(FAMILIES)}.")
    return FAMILIES[claim.family]


def family(claim: Claim) -> Evidence:
    """The bound exists and is given the parameters and the kind of price that it takes."""
    kind = _family(claim)
    unknown = sorted(set(claim.parameters) - set(kind.parameters))
    if unknown:
        raise Refused("family", f"The {kind.title} bound takes no parameter {', '.join(unknown)}.")
    price = CODES[claim.code].kind if claim.code in CODES else None
    if claim.code is not None and price is None:
        raise Refused("family", f"There is no code {claim.code!r}; known: {', '.join(CODES)}.")
    if price != kind.price:
        asked = f"a code that gives {kind.price}" if kind.price else "no code: it certifies one fixed predictor"
        raise Refused("family", f"The {kind.title} bound takes {asked}; the claim gives {claim.code or 'none'}.")
    if claim.looks and claim.family != "anytime":
        raise Refused("family", f"The {kind.title} bound holds for one look; use family anytime for more.")
    return Evidence("family", "checked", kind.title)


def predictor(claim: Claim) -> Evidence:
    """Gibbs against deterministic: a bound on random predictors says nothing about one predictor, and vice versa."""
    kind = _family(claim)
    if claim.predictor != kind.predictor:
        raise Refused(
            "predictor", f"The {kind.title} bound certifies a {kind.predictor} predictor, not a {claim.predictor} one."
        )
    return Evidence("predictor", "checked", claim.predictor)


def sample(claim: Claim) -> Evidence:
    """Independent cases: each once, one per patient, as many as there are losses."""
    cases, n = claim.sample, len(claim.sample.cases)
    if n < 1:
        raise Refused("sample", "The sample holds no case.")
    if len(set(cases.cases)) != n:
        raise Refused("sample", f"{n - len(set(cases.cases))} case ids of the sample occur more than once.")
    patients = len(set(cases.patients))
    if patients != n:
        raise Refused(
            "sample", f"{n} cases of {patients} patients are not independent: keep one per patient (--one-per-patient)."
        )
    if cases.images and len(set(cases.images)) != n:
        raise Refused("sample", "Two cases of the sample show the same image.")
    if claim.losses.shape[-1:] != (n,):
        raise Refused("sample", f"The sample holds {n} cases, but losses of shape {claim.losses.shape}.")
    return Evidence("sample", "checked", f"{n} cases of {patients} patients")


def loss(claim: Claim) -> Evidence:
    """The loss lies in [0, 1] and is one that the bound holds for."""
    kind, values = _family(claim), claim.losses
    if claim.loss not in kind.losses:
        raise Refused("loss", f"The {kind.title} bound holds for zero-one loss only, not for {claim.loss_name}.")
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        raise Refused("loss", f"A {claim.loss_name} lies outside [0, 1]; bound it first (bounded_cross_entropy).")
    expected = claim.predictor == "gibbs" and values.ndim == 1
    if claim.loss == "zero-one" and not expected and not np.isin(values, (0.0, 1.0)).all():
        raise Refused("loss", "A zero-one loss is neither 0 nor 1.")
    return Evidence("loss", "checked", f"{claim.loss}: {claim.loss_name}")


def delta(claim: Claim) -> Evidence:
    """The failure probability is split between certificates, draws and the bound."""
    if not 0 < claim.delta < 1:
        raise Refused("delta", f"A failure probability lies between 0 and 1, not at {claim.delta}.")
    if claim.simultaneous < 1:
        raise Refused("delta", f"{claim.simultaneous} simultaneous certificates; at least this one.")
    share, paid = claim.delta / claim.simultaneous, claim.monte_carlo_delta
    drawn = claim.predictor == "gibbs" and claim.losses.ndim == 2
    if drawn and (paid is None or not 0 < paid < share):
        raise Refused("delta", f"Draws of a posterior cost a part of delta: give monte_carlo_delta below {share:g}.")
    if not drawn and paid is not None:
        raise Refused("delta", "monte_carlo_delta pays for drawn hypotheses, but none were drawn.")
    if not drawn and claim.losses.ndim != 1:
        raise Refused("delta", "A deterministic predictor has one loss a case.")
    alone = "holds alone" if claim.simultaneous == 1 else f"one of {claim.simultaneous} that hold together"
    if claim.predictor == "gibbs" and not drawn:
        return Evidence("delta", "declared", f"{alone}; expected losses of the posterior computed without draws")
    return Evidence("delta", "checked", alone)


def fixed_before(claim: Claim) -> Evidence:
    """Hypothesis set, prior or predictor is the one that was written down before the sample was seen."""
    kind = _family(claim)
    what = {"hypotheses": "hypothesis set", "prior": "prior", "training": "predictor"}[kind.fixed]
    promise = claim.commitment
    if promise is None:
        if kind.fixed == "training":
            return Evidence("fixed_before", "declared", "the predictor was fixed before the sample was seen")
        raise Refused("fixed_before", f"No commitment to the {what}: write its fingerprint down before the sample.")
    if not promise.before or promise.before != promise.used:
        raise Refused("fixed_before", f"The {what} that was used is not the one that was fixed before the sample.")
    return Evidence("fixed_before", "checked", f"{what} {promise.used[:12]}")


def disjoint(claim: Claim) -> Evidence:
    """Pool, hypothesis set, prior and training saw no case, patient or image of the sample."""
    wanted: list[str] = [_family(claim).fixed]
    if claim.code in CODES and CODES[claim.code].of_pool:
        wanted.append("pool")
    for role in wanted:
        if role not in {each.role for each in claim.sources}:
            raise Refused("disjoint", f"The claim does not say what data shaped its {role}: add such a source.")
    declared = []
    for source in claim.sources:
        if source.data is None and not source.statement.strip():
            raise Refused("disjoint", f"Nothing is known about the data of the {source.role} ({source.name}).")
        if source.data is None:
            declared.append(source.name)
            continue
        shared = claim.sample.shared_with(source.data)
        if shared:
            raise Refused(
                "disjoint", f"The {source.role} ({source.name}) and the sample share {shared}: the certificate is void."
            )
    if declared:
        return Evidence("disjoint", "declared", f"not checked by ids: {', '.join(declared)}")
    return Evidence("disjoint", "checked", f"{len(claim.sources)} sources, nothing shared")


def inductive(claim: Claim) -> Evidence:
    """The sample's inputs shaped nothing beforehand (as adaptation by entropy on test inputs does)."""
    if claim.transductive:
        raise Refused("inductive", "The sample's inputs shaped the predictor beforehand (transductive).")
    return Evidence("inductive", "declared", "the sample's inputs shaped nothing that had to be fixed")


def paid(claim: Claim) -> Evidence:
    """A union bound pays for every choice made on the sample, and for every predictor that it scored."""
    kind, room = _family(claim), 0.0
    for choice in claim.choices:
        try:
            nats = choice.nats
        except ValueError as error:
            raise Refused("paid", f"The choice of {choice.name} cannot be paid for: {error}.") from None
        room += nats if choice.index is None else math.inf
    if claim.code is not None:
        try:
            code_nats(claim.code, claim.code_parameters)
        except ValueError as error:
            raise Refused("paid", f"The price of the {kind.fixed} cannot be computed: {error}.") from None
        room += CODES[claim.code].ln_count(claim.code_parameters)
    if claim.looked_at < 1:
        raise Refused("paid", "looked_at counts the certified predictor too: at least 1.")
    if math.log(claim.looked_at) > room + 1e-9:
        raise Refused(
            "paid",
            f"The sample has scored {claim.looked_at} predictors, but the claim pays for {round(math.exp(room))}: "
            "name the choice, or the set they came from.",
        )
    listed = ", ".join(choice.name for choice in claim.choices) or "none"
    return Evidence("paid", "checked", f"choices on the sample: {listed}; predictors scored: {claim.looked_at}")


RULES: dict[str, Callable[[Claim], Evidence]] = {
    each.__name__: each
    for each in (family, predictor, sample, loss, delta, fixed_before, disjoint, inductive, paid)
}  # fmt: skip
"""Rule name -> its check."""

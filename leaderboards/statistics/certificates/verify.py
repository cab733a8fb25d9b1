"""Verify a certificate from nothing but itself: every number that follows from others is computed again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from leaderboards.statistics.certificates.bound_of import bound_of, risk_of
from leaderboards.statistics.certificates.case_set import digest_of
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.claim import Choice
from leaderboards.statistics.certificates.codes.registry import CODES, code_nats
from leaderboards.statistics.certificates.families import FAMILIES
from leaderboards.statistics.certificates.rules import RULES

RELATIVE = 1e-9
"""Another version of scipy may move the last digits."""

Number = float | str | None


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing of a certificate that does not follow from the rest of it.

    Attributes:
        field: where. recorded, recomputed: both numbers, or words.
    """

    field: str
    recorded: Number
    recomputed: Number

    def __str__(self) -> str:
        return f"{self.field}: recorded {self.recorded!r}, recomputed {self.recomputed!r}"


def verify(certificate: Certificate) -> list[Discrepancy]:
    """What of a certificate does not hold; empty if everything does.

    Checked: the value, the risk, the prices of code and choices, the family's demands, the counts and hashes of the
    sample, the course of the looks, and that every rule is accounted for. Not checked, because the certificate alone
    cannot tell: that the losses are those of the cases, and what the claimant declared (`rules` says which).
    """
    if certificate.family not in FAMILIES:
        return [Discrepancy("family", certificate.family, f"one of {', '.join(FAMILIES)}")]
    return [*_demands(certificate), *_identities(certificate), *_prices(certificate), *_value(certificate)]


def _demands(given: Certificate) -> Iterator[Discrepancy]:
    """What family, code and loss ask of each other."""
    family = FAMILIES[given.family]
    if given.predictor != family.predictor:
        yield Discrepancy("predictor", given.predictor, family.predictor)
    if given.loss not in family.losses:
        yield Discrepancy("loss", given.loss, " or ".join(family.losses))
    price = given.complexity
    kind = CODES[price.code].kind if price is not None and price.code in CODES else None
    if kind != family.price or (price is not None and price.kind != kind):
        yield Discrepancy("complexity.kind", None if price is None else price.kind, family.price)
    unknown = sorted(set(given.parameters) - set(family.parameters))
    if unknown:
        yield Discrepancy("parameters", ", ".join(unknown), ", ".join(family.parameters) or None)
    if given.monte_carlo is not None and given.predictor != "gibbs":
        yield Discrepancy("monte_carlo", given.monte_carlo.draws, None)
    whole = given.predictor == "deterministic" or given.monte_carlo is not None
    if given.loss == "zero-one" and whole and given.loss_sum != math.floor(given.loss_sum):
        yield Discrepancy("loss_sum", given.loss_sum, "a whole number")
    rules = [each.rule for each in given.rules]
    if rules != list(RULES):
        yield Discrepancy("rules", ", ".join(rules), ", ".join(RULES))
    checked = {each.rule for each in given.rules if each.basis == "checked"}
    unchecked = {"inductive"} | ({"fixed_before"} if given.commitment is None else set())
    if any(each.digest is None for each in given.sources):
        unchecked.add("disjoint")
    if given.predictor == "gibbs" and given.monte_carlo is None:
        unchecked.add("delta")
    if checked & unchecked:
        yield Discrepancy("rules", f"{', '.join(sorted(checked & unchecked))} checked", "declared")
    wanted = {family.fixed} | ({"pool"} if price is not None and price.code in CODES and CODES[price.code].of_pool
                               else set())  # fmt: skip
    missing = sorted(wanted - {each.role for each in given.sources})
    if missing:
        yield Discrepancy("sources", ", ".join(each.role for each in given.sources), f"also {', '.join(missing)}")
    if given.commitment is None and family.fixed != "training":
        yield Discrepancy("commitment", None, f"the hash of its {family.fixed}")


def _identities(given: Certificate) -> Iterator[Discrepancy]:
    """The sample: as many different cases as n, one per patient, of the recorded hash; sources with data or words."""
    sample = given.sample
    if len(set(sample.cases)) != given.n:
        yield Discrepancy("sample.cases", len(set(sample.cases)), given.n)
    if sample.patients != given.n:
        yield Discrepancy("sample.patients", sample.patients, given.n)
    if digest_of(sample.cases) != sample.digest:
        yield Discrepancy("sample.digest", sample.digest, digest_of(sample.cases))
    for source in given.sources:
        if (source.digest is None or source.cases is None) and not source.statement.strip():
            yield Discrepancy(f"sources.{source.name}", None, "its cases, or a statement")
        if source.digest == sample.digest:
            yield Discrepancy(f"sources.{source.name}", source.digest, "other cases than the sample's")
    looks = [(0, 0.0), *((each.n, each.loss_sum) for each in given.looks)]
    for (n, total), (later, more) in pairwise(looks):
        if later <= n or not -1e-9 <= more - total <= later - n + 1e-9:
            yield Discrepancy("looks", f"{more:g} after {later}", f"between {total:g} and {total + later - n:g}")
    if given.looks and (
        given.family != "anytime" or not _same(looks[-1][1], given.loss_sum) or looks[-1][0] != given.n
    ):
        yield Discrepancy("looks", f"{looks[-1][1]:g} after {looks[-1][0]}", f"{given.loss_sum:g} after {given.n}")


def _prices(given: Certificate) -> Iterator[Discrepancy]:
    """Nats of code and choices, and that they pay for every predictor the sample has scored."""
    room = 0.0
    for each in given.choices:
        try:
            nats = Choice(each.name, each.options, each.index).nats
        except ValueError as error:
            yield Discrepancy(f"choices.{each.name}", each.nats, str(error))
            continue
        room += nats if each.index is None else math.inf
        if not _same(each.nats, nats):
            yield Discrepancy(f"choices.{each.name}", each.nats, nats)
    price = given.complexity
    if price is not None:
        try:
            nats = code_nats(price.code, price.parameters)
            room += CODES[price.code].ln_count(price.parameters)
        except (ValueError, OverflowError) as error:
            yield Discrepancy("complexity.nats", price.nats, str(error))
            return
        if not _same(price.nats, nats):
            yield Discrepancy("complexity.nats", price.nats, nats)
    if math.log(given.looked_at) > room + 1e-9:
        yield Discrepancy("looked_at", given.looked_at, math.exp(room))


def _value(given: Certificate) -> Iterator[Discrepancy]:
    if not _same(given.risk, risk_of(given)):
        yield Discrepancy("risk", given.risk, risk_of(given))
    try:
        value = bound_of(given)
    except (ValueError, KeyError, OverflowError, TypeError) as error:
        # A stranger's numbers may break a formula in any way; each is a bound that cannot be had.
        yield Discrepancy("value", given.value, f"{type(error).__name__}: {error}")
        return
    if not _same(given.value, value):
        yield Discrepancy("value", given.value, value)


def _same(recorded: float, again: float) -> bool:
    return math.isclose(recorded, again, rel_tol=RELATIVE, abs_tol=1e-12)

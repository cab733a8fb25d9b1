"""From a claim to a certificate: rules first, then the bound."""

from __future__ import annotations

from typing import Any

import numpy as np

from leaderboards.statistics.certificates.bound_of import bound_of, risk_of
from leaderboards.statistics.certificates.certificate import (
    Certificate,
    Complexity,
    Look,
    MonteCarlo,
    PaidChoice,
    RuleHeld,
    SampleIds,
    SourceIds,
)
from leaderboards.statistics.certificates.claim import Claim, Refused, Source
from leaderboards.statistics.certificates.codes.registry import CODES, code_nats
from leaderboards.statistics.certificates.rules import check


def certify(claim: Claim) -> Certificate:
    """Check every rule and compute the bound.

    The value is computed by `bound_of` from the very numbers that the certificate stores.

    Raises:
        Refused: a rule is broken; the message is one line. UserError is its base.
    """
    evidence = check(claim)
    losses = np.asarray(claim.losses, np.float64)
    draws = losses.shape[0] if losses.ndim == 2 else None
    total = float(losses.sum())
    draft = Certificate(
        subject=claim.subject,
        family=claim.family,
        predictor=claim.predictor,
        loss=claim.loss,
        loss_name=claim.loss_name,
        value=1.0,
        risk=0.0,
        delta=float(claim.delta),
        simultaneous=int(claim.simultaneous),
        n=len(claim.sample.cases),
        loss_sum=total,
        looked_at=int(claim.looked_at),
        complexity=_complexity(claim),
        choices=[
            PaidChoice(name=each.name, options=each.options, index=each.index, nats=each.nats) for each in claim.choices
        ],
        monte_carlo=None if draws is None else MonteCarlo(draws=draws, delta=float(claim.monte_carlo_delta or 0.0)),
        looks=_looks(claim, losses),
        parameters={name: _plain(value) for name, value in claim.parameters.items()},
        commitment=None if claim.commitment is None else claim.commitment.used,
        sample=SampleIds(
            cases=list(claim.sample.hashes), patients=len(set(claim.sample.patients)), digest=claim.sample.digest
        ),
        sources=[_source(each) for each in claim.sources],
        rules=[RuleHeld(rule=each.rule, basis=each.basis, note=each.note[:500]) for each in evidence],
    )
    try:
        return draft.model_copy(update={"risk": risk_of(draft), "value": bound_of(draft)})
    except ValueError as error:
        raise Refused("family", f"The {claim.family} bound does not take these numbers: {error}.") from error


def _complexity(claim: Claim) -> Complexity | None:
    if claim.code is None:
        return None
    parameters = {
        name: [int(each) for each in value] if isinstance(value, list | tuple) else _number(value)
        for name, value in claim.code_parameters.items()
    }
    nats = code_nats(claim.code, parameters)
    return Complexity(kind=CODES[claim.code].kind, code=claim.code, parameters=parameters, nats=nats)


def _looks(claim: Claim, losses: np.ndarray) -> list[Look]:
    if not claim.looks:
        return []
    n = losses.shape[-1]
    if any(not 1 <= each <= n for each in claim.looks) or list(claim.looks) != sorted(set(claim.looks)):
        raise Refused("family", f"Looks are rising numbers of cases, from 1 to {n}.")
    counts = [*claim.looks] if claim.looks[-1] == n else [*claim.looks, n]
    sums = np.cumsum(losses)
    return [Look(n=count, loss_sum=float(min(sums[count - 1], count))) for count in counts]


def _source(source: Source) -> SourceIds:
    if source.data is None:
        return SourceIds(role=source.role, name=source.name, statement=source.statement)
    return SourceIds(
        role=source.role, name=source.name, cases=len(source.data.cases), digest=source.data.digest,
        statement=source.statement,
    )  # fmt: skip


def _number(value: Any) -> int | float:
    """A plain number of a numpy one: a record holds nothing else."""
    return value.item() if isinstance(value, np.generic) else value


def _plain(value: Any) -> float | list[float]:
    return [float(each) for each in value] if isinstance(value, list | tuple) else float(value)

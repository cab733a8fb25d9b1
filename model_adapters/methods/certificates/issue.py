"""Certificates of learners: the claim of each kind, put together in one place and issued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.certify import certify
from leaderboards.statistics.certificates.claim import Choice, Claim, Commitment, Source
from leaderboards.statistics.certificates.families import LossKind
from model_adapters.methods.certificates.posterior import Posterior, Price
from model_adapters.methods.certificates.sample import Rows, Sample

NOTHING = CaseSet((), ())

Losses = NDArray[np.float64]


def finite_family(loss: LossKind) -> str:
    """The tightest bound on one of a finite set: exact binomial for errors, Chernoff for other losses in [0, 1]."""
    return "exact-occam" if loss == "zero-one" else "chernoff-occam"


def occam(
    subject: str, sample: Sample, losses: Losses, code: str, parameters: Mapping[str, Any], looked_at: int,
    choices: Sequence[Choice], sources: Sequence[Source], commitment: Commitment, delta: float, simultaneous: int = 1,
) -> Certificate:  # fmt: skip
    """Of the chosen one of a finite set, on the whole sample.

    Raises:
        Refused: a rule is broken.
    """
    return certify(
        Claim(
            subject=subject,
            family=finite_family(sample.loss),
            predictor="deterministic",
            loss=sample.loss,
            delta=delta,
            simultaneous=simultaneous,
            sample=sample.cases,
            losses=losses,
            looked_at=looked_at,
            code=code,
            code_parameters=parameters,
            choices=tuple(choices),
            sources=tuple(sources),
            commitment=commitment,
        )
    )


def gibbs(
    subject: str, family: str, sample: Sample, rows: Rows, losses: Losses, posterior: Posterior, price: Price,
    looked_at: int, sources: Sequence[Source], commitment: Commitment, delta: float, draws_delta: float,
    simultaneous: int = 1,
) -> Certificate:  # fmt: skip
    """Of random draws of a posterior, on the examples `rows`; losses float64[draws, rows].

    Raises:
        Refused: a rule is broken.
    """
    chosen = () if price.index is None else (Choice("prior scale", index=price.index),)
    return certify(
        Claim(
            subject=subject,
            family=family,
            predictor="gibbs",
            loss=sample.loss,
            delta=delta,
            simultaneous=simultaneous,
            sample=sample.named(rows),
            losses=losses,
            looked_at=looked_at,
            code="gaussian",
            code_parameters={
                "dimensions": len(posterior.mean),
                "squared_distance": price.squared_distance,
                "scale": posterior.scale,
                "prior_scale": price.prior_scale,
            },
            choices=chosen,
            sources=tuple(sources),
            commitment=commitment,
            monte_carlo_delta=draws_delta,
        )
    )


def test_set_bound(
    subject: str, sample: Sample, learnt_on: Rows, tested_on: Rows, losses: Losses, pool: Sequence[Source],
    commitment: Commitment, delta: float, simultaneous: int = 1,
) -> Certificate:  # fmt: skip
    """The bound to read beside every other: learnt on one half, tested on the other.

    The test-set bound where examples are right or wrong, else the betting bound with one look.

    Raises:
        Refused: a rule is broken.
    """
    return certify(
        Claim(
            subject=subject,
            family="held-out" if sample.loss == "zero-one" else "anytime",
            predictor="deterministic",
            loss=sample.loss,
            delta=delta,
            simultaneous=simultaneous,
            sample=sample.named(tested_on),
            losses=losses,
            looked_at=1,
            sources=(Source("training", "the other half of the sample", sample.named(learnt_on)), *pool),
            commitment=commitment,
        )
    )

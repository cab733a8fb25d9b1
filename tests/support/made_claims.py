"""Claims that hold, to be broken one rule at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.claim import Claim, Commitment, Source, fingerprint

ELSEWHERE = CaseSet(("train-1", "train-2"), ("patient-t1", "patient-t2"))
PROMISE = Commitment(fingerprint({"levels": [0.1, 0.3]}), fingerprint({"levels": [0.1, 0.3]}))


def sample_of(n: int) -> CaseSet:
    return CaseSet(tuple(f"case-{i}" for i in range(n)), tuple(f"patient-{i}" for i in range(n)))


def errors_of(n: int, wrong: int) -> np.ndarray:
    losses = np.zeros(n)
    losses[:wrong] = 1
    return losses


def occam(n: int = 100, wrong: int = 5, **changes: Any) -> Claim:
    """One of 481 sparse merges of a pool of 8, chosen on the sample."""
    standard: dict[str, Any] = {
        "subject": "merged classifier",
        "family": "exact-occam",
        "predictor": "deterministic",
        "loss": "zero-one",
        "sample": sample_of(n),
        "losses": errors_of(n, wrong),
        "looked_at": 481,
        "code": "uniform",
        "code_parameters": {"hypotheses": 481},
        "sources": (Source("hypotheses", "levels and supports", CaseSet((), ())), Source("pool", "experts", ELSEWHERE)),
        "commitment": PROMISE,
    }
    return Claim(**(standard | changes))


def gibbs(n: int = 100, draws: int = 200, **changes: Any) -> Claim:
    """A Gaussian posterior over 8 coefficients, drawn 200 times."""
    losses = (np.arange(draws * n).reshape(draws, n) % 20 == 0).astype(np.float64)
    standard: dict[str, Any] = {
        "subject": "posterior over merge coefficients",
        "family": "pac-bayes-kl",
        "predictor": "gibbs",
        "loss": "zero-one",
        "sample": sample_of(n),
        "losses": losses,
        "looked_at": 10_000,
        "code": "gaussian",
        "code_parameters": {"dimensions": 8, "squared_distance": 0.04, "scale": 0.1, "prior_scale": 0.1},
        "sources": (Source("prior", "zero", CaseSet((), ())), Source("pool", "experts", ELSEWHERE)),
        "commitment": PROMISE,
        "monte_carlo_delta": 0.01,
    }
    return Claim(**(standard | changes))


def fixed(n: int = 100, wrong: int = 5, **changes: Any) -> Claim:
    """One fixed classifier on cases it never saw."""
    standard: dict[str, Any] = {
        "subject": "classifier",
        "family": "held-out",
        "predictor": "deterministic",
        "loss": "zero-one",
        "sample": sample_of(n),
        "losses": errors_of(n, wrong),
        "looked_at": 1,
        "sources": (Source("training", "training split", ELSEWHERE),),
    }
    return Claim(**(standard | changes))

"""Codes by name: a certificate stores name and parameters, and its nats are computed again from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from leaderboards.statistics.certificates.codes.dense import dense
from leaderboards.statistics.certificates.codes.entropy import entropy_nats
from leaderboards.statistics.certificates.codes.gaussian import isotropic_kl
from leaderboards.statistics.certificates.codes.iterates import iterates
from leaderboards.statistics.certificates.codes.sparse import ln_sparse_vectors, sparse
from leaderboards.statistics.certificates.codes.uniform import uniform
from leaderboards.statistics.certificates.codes.universal import universal


@dataclass(frozen=True)
class Code:
    """A way to pay for a hypothesis.

    Attributes:
        nats: description length, or divergence, of its parameters.
        kind: "ln M" for one hypothesis of a countable set, "KL" for a posterior.
        alike: every hypothesis costs the same, so exp(nats) is how many there are.
        of_pool: what is coded are coefficients or picks of a pool of models.
        ln_total: where not alike, ln of how many hypotheses there are; None where there is no useful limit.
    """

    nats: Callable[..., float]
    kind: Literal["ln M", "KL"]
    alike: bool = False
    of_pool: bool = False
    ln_total: Callable[..., float] | None = None

    def ln_count(self, parameters: Mapping[str, Any]) -> float:
        """ln of how many hypotheses a sample may score before one is taken from this code."""
        if self.alike:
            return self.nats(**parameters)
        return math.inf if self.ln_total is None else self.ln_total(**parameters)


def _given(nats: float) -> float:
    if not nats >= 0:
        raise ValueError(f"a divergence of {nats} nats")
    return float(nats)


CODES: dict[str, Code] = {
    "uniform": Code(uniform, "ln M", alike=True),
    "dense": Code(dense, "ln M", alike=True, of_pool=True),
    "iterates": Code(iterates, "ln M", alike=True, of_pool=True),
    "sparse": Code(sparse, "ln M", of_pool=True, ln_total=ln_sparse_vectors),
    "universal": Code(universal, "ln M"),
    "entropy": Code(entropy_nats, "ln M"),
    "gaussian": Code(isotropic_kl, "KL", of_pool=True),
    "divergence": Code(_given, "KL"),
}
"""`divergence` is a KL that was computed elsewhere: it stands in the certificate as it was given."""


def code_nats(name: str, parameters: Mapping[str, Any]) -> float:
    """Nats of a code's parameters.

    Raises:
        ValueError: no such code, or parameters that it does not take.
    """
    if name not in CODES:
        raise ValueError(f"no code {name!r}; known: {', '.join(sorted(CODES))}")
    if parameters.get("published"):
        raise ValueError("the published universal code leaves out a constant: it is for comparison, not for a claim")
    try:
        nats = CODES[name].nats(**parameters)
    except TypeError as error:
        raise ValueError(f"the code {name} does not take these parameters ({error})") from None
    if not 0 <= nats < math.inf:
        raise ValueError(f"the code {name} gives {nats} nats")
    return nats

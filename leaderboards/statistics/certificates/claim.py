"""What is to be certified, with everything that decides whether it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import content_hash
from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.families import LossKind, PredictorKind
from leaderboards.statistics.certificates.union import choice_nats, index_nats

Role = Literal["pool", "hypotheses", "prior", "training"]


class Refused(UserError):
    """A claim that breaks a rule: no certificate is issued. `rule` names the rule; the message is one line."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True)
class Choice:
    """Something that was decided by looking at the sample, such as a grid's best point or the best of four bounds.

    Attributes:
        name: for readers. options: how many there were; all listed before the sample was seen.
        index: instead of options, the place j = 1, 2, ... in an endless list fixed beforehand.
    """

    name: str
    options: int | None = None
    index: int | None = None

    @property
    def nats(self) -> float:
        """Its price. Raises ValueError where neither number, or both, are given, or one is below 1."""
        if (self.options is None) == (self.index is None):
            raise ValueError("neither its number of options nor its place in a list is known")
        return choice_nats(self.options) if self.options is not None else index_nats(int(self.index or 0))


@dataclass(frozen=True)
class Source:
    """Data that shaped something which had to be fixed before the sample was seen.

    Attributes:
        role: what it shaped: the pool of models, the hypothesis set, the prior, or the predictor itself (training).
        name: for readers, such as "8 experts, fine-tuned on splits 1 to 8".
        data: its cases, checked against the sample; an empty set for "no data".
        statement: instead of data, why it cannot overlap, in the claimant's words; shown as declared, not checked.
    """

    role: Role
    name: str
    data: CaseSet | None = None
    statement: str = ""


@dataclass(frozen=True)
class Commitment:
    """Hash of the hypothesis set or prior, written down before the sample was opened, and again of what was used.

    `fingerprint` makes both. Equal hashes prove that nothing was exchanged, not when the first was written.
    """

    before: str
    used: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim "the true risk of `subject` is at most ..." before its rules are checked.

    Attributes:
        subject: what is certified, for readers. family: name in FAMILIES.
        predictor: "deterministic", or "gibbs" for one that draws a hypothesis for every case.
        loss: "zero-one", or "bounded" for another loss in [0, 1]. loss_name: for readers.
        delta: total failure probability. simultaneous: how many certificates shall all hold together with it; each
            gets delta / simultaneous. 1: this certificate holds alone.
        sample: the cases behind the losses. losses: float64[n], in the order in which the cases came; of a Gibbs
            predictor its expected losses float64[n], or those of drawn hypotheses float64[draws, n], and then
            `monte_carlo_delta` of delta pays for the draws.
        looked_at: how many different predictors this sample has scored before this one was chosen, itself included.
        code, code_parameters: price of the hypothesis or posterior (CODES); None for a fixed predictor.
        choices: everything that was decided on the sample.
        sources: everything that was decided on other data.
        commitment: to the hypothesis set or prior.
        transductive: the sample's inputs shaped the set, prior or predictor without their labels.
        looks: for the anytime family, after how many cases the errors were looked at.
        parameters: of the family.
    """

    subject: str
    family: str
    predictor: PredictorKind
    loss: LossKind
    loss_name: str = "error"
    delta: float = 0.05
    simultaneous: int = 1
    sample: CaseSet
    losses: NDArray[np.float64]
    looked_at: int
    code: str | None = None
    code_parameters: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    sources: tuple[Source, ...] = ()
    commitment: Commitment | None = None
    monte_carlo_delta: float | None = None
    transductive: bool = False
    looks: tuple[int, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


def fingerprint(plain: Any) -> str:
    """Hash of a hypothesis set or prior given as plain JSON data (seeds, levels, weight hashes, means, scales)."""
    return content_hash(plain)

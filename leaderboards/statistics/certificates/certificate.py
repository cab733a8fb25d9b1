"""The certificate as a record: strict, finite, and enough to compute the bound again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from data_splits.integrity import canonical_json, sha256_bytes
from leaderboards.statistics.certificates.claim import Role
from leaderboards.statistics.certificates.families import LossKind, PredictorKind
from leaderboards.statistics.certificates.rules import Basis

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Text = Annotated[str, Field(max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Complexity(_Strict):
    """Price in nats of the hypothesis ("ln M": ln(1/P(h))) or posterior ("KL"), and the code it follows from."""

    kind: Literal["ln M", "KL"]
    code: Text
    parameters: dict[str, int | float | list[int]]
    nats: float = Field(ge=0)


class PaidChoice(_Strict):
    """A choice made on the sample: one of `options`, or place `index` of an endless list; nats are what it cost."""

    name: Text
    options: int | None = Field(default=None, ge=1)
    index: int | None = Field(default=None, ge=1)
    nats: float = Field(ge=0)


class MonteCarlo(_Strict):
    """Draws of the posterior behind the Gibbs risk, and the part of delta that they cost."""

    draws: int = Field(ge=1)
    delta: float = Field(gt=0, lt=1)


class Look(_Strict):
    """State of an anytime certificate after the first n cases."""

    n: int = Field(ge=1)
    loss_sum: float = Field(ge=0)


class SampleIds(_Strict):
    """Sorted sha256 of the sample's case ids (`CaseSet.hashes`), how many patients, and one hash of all."""

    cases: list[Sha256] = Field(min_length=1)
    patients: int = Field(ge=1)
    digest: Sha256


class SourceIds(_Strict):
    """Other data: its role, name, number of cases and hash, or the claimant's statement where ids are not known."""

    role: Role
    name: Text
    cases: int | None = Field(default=None, ge=0)
    digest: Sha256 | None = None
    statement: Text = ""


class RuleHeld(_Strict):
    """A validity rule and whether a machine checked it or the claimant declared it."""

    rule: Text
    basis: Basis
    note: Text


class Certificate(_Strict):
    """With probability at least 1 - delta over the sample, the true risk of `subject` is at most `value`.

    Attributes:
        value: the bound, at most 1. risk: the empirical risk.
        family, predictor, loss, loss_name, delta, simultaneous, looked_at, parameters: as in `Claim`.
        n: cases, one per patient. loss_sum: sum of the losses, over all draws where there are some.
        complexity, choices, monte_carlo, looks: what else the value is computed from.
        commitment: hash of the hypothesis set, prior or predictor. sample, sources: whose data. rules: what holds.
    """

    certificate_version: Literal[1] = 1
    subject: Text
    family: Text
    predictor: PredictorKind
    loss: LossKind
    loss_name: Text
    value: float = Field(ge=0, le=1)
    risk: float = Field(ge=0, le=1)
    delta: float = Field(gt=0, lt=1)
    simultaneous: int = Field(ge=1)
    n: int = Field(ge=1)
    loss_sum: float = Field(ge=0)
    looked_at: int = Field(ge=1)
    complexity: Complexity | None = None
    choices: list[PaidChoice] = Field(default_factory=list)
    monte_carlo: MonteCarlo | None = None
    looks: list[Look] = Field(default_factory=list)
    parameters: dict[str, float | list[float]] = Field(default_factory=dict)
    commitment: Text | None = None
    sample: SampleIds
    sources: list[SourceIds]
    rules: list[RuleHeld]


def certificate_text(certificate: Certificate) -> str:
    """Canonical JSON: its bytes are the file, and their sha256 the certificate's hash."""
    return canonical_json(certificate.model_dump(mode="json"))


def certificate_hash(certificate: Certificate) -> str:
    """Hex sha256 of the canonical JSON."""
    return sha256_bytes(certificate_text(certificate).encode())

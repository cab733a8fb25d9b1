"""What a mode of certified fusion is given and gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.claim import Source
from model_adapters.methods.certificates.coefficients import Alpha, Coefficients
from model_adapters.methods.certificates.course import Course
from model_adapters.methods.certificates.issue import test_set_bound
from model_adapters.methods.certificates.plan import Plan
from model_adapters.methods.certificates.sample import Rows, Sample


@dataclass(frozen=True)
class FusionRun:
    """One fit.

    Attributes:
        name: what is certified, for readers. space: of the coefficients. sample: opened after the plan was written.
        settings: of the method. delta, simultaneous: of its certificates. seed: the only source of randomness.
        output: for files. course: stages. pool: what the models were trained on. plan: written before the sample was
            opened. used: the plan's facts gathered anew, the models hashed again.
    """

    name: str
    space: Coefficients
    sample: Sample
    settings: Mapping[str, Any]
    delta: float
    simultaneous: int
    seed: int
    output: Path
    course: Course
    pool: Source
    plan: Plan
    used: Callable[[], Mapping[str, Any]]

    @property
    def share(self) -> float:
        """What one certificate may fail with."""
        return self.delta / self.simultaneous

    def tested(self, alpha: Alpha, learnt_on: Rows, tested_on: Rows) -> Certificate:
        """The test-set bound of coefficients learnt on one half; they are written down before the other is scored."""
        facts = {"learnt": "from one half of the sample", "coefficients": self.space.named(alpha)}
        plan = Plan(self.output / "test-set-plan.json", facts, "before the other half was scored")
        losses = self.sample.errors(self.space.model(alpha), tested_on)
        return test_set_bound(
            f"{self.name}, learnt on half of the sample", self.sample, learnt_on, tested_on, losses, (self.pool,),
            plan.kept(facts), self.delta, self.simultaneous,
        )  # fmt: skip


@dataclass(frozen=True)
class Fused:
    """What a mode found.

    Attributes:
        alpha: coefficients of the model that is written. certificate: main one. test_set: beside it.
        coefficients: for coefficients.json. facts: for the record.
    """

    alpha: Alpha
    certificate: Certificate
    test_set: Certificate
    coefficients: Mapping[str, Any]
    facts: Mapping[str, Any]

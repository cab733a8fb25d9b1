"""The sample of a certificate: examples of one task with the case and patient of each, and parts of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import sha256_bytes
from leaderboards.statistics.certificates import rules
from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.claim import Claim, Source
from leaderboards.statistics.certificates.families import LossKind
from leaderboards.statistics.certificates.losses_file import read_cases
from model_adapters.methods.merging.objective import Objective, Tensors, chunks

if TYPE_CHECKING:
    import torch

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Sample:
    """Independent cases that a certificate is computed from.

    Attributes:
        objective: of exactly one task. cases: of its examples, in their order.
        loss: "zero-one" where an example is right or wrong, "bounded" where it may be partly right.
    """

    objective: Objective
    cases: CaseSet
    loss: LossKind

    @property
    def size(self) -> int:
        """n."""
        return len(self.cases.cases)

    def all(self) -> Rows:
        """Every example."""
        return np.arange(self.size)

    def halves(self) -> tuple[Rows, Rows]:
        """S1 and S2 by the hash of the case ids: no label, input or order has a say. The second is the larger.

        Raises:
            UserError: fewer than two cases.
        """
        if self.size < 2:
            raise UserError(f"A sample of {self.size} cannot be halved. Give at least 2 cases.")
        order = sorted(range(self.size), key=lambda row: sha256_bytes(f"half\n{self.cases.cases[row]}".encode()))
        cut = self.size // 2
        return np.array(sorted(order[:cut])), np.array(sorted(order[cut:]))

    def named(self, rows: Rows) -> CaseSet:
        """The cases of some examples."""
        picked = [int(row) for row in rows]
        return CaseSet(
            tuple(self.cases.cases[row] for row in picked),
            tuple(self.cases.patients[row] for row in picked),
            tuple(self.cases.images[row] for row in picked) if self.cases.images else (),
        )

    def part(self, rows: Rows, p_min: float | None = None) -> Part:
        """Some examples as an objective of their own."""
        return Part(self.objective, rows, p_min)

    def errors(self, weights: Tensors, rows: Rows) -> NDArray[np.float64]:
        """float64[rows] in [0, 1]: 1 minus the score of each example."""
        import torch

        part = self.part(rows)
        with torch.no_grad():
            scores = [part.scores(weights, part.task, piece) for piece in chunks(part, part.task)]
        return np.clip(1.0 - torch.cat(scores).double().cpu().numpy(), 0.0, 1.0)


class Part:
    """An objective of some examples of one task; where p_min is given its loss is min(loss, ln(1/p_min)) / ln(1/p_min).

    The bounded cross-entropy of Perez-Ortiz et al. 2021: what a bound for losses in [0, 1] may be trained on.
    """

    def __init__(self, objective: Objective, rows: Rows, p_min: float | None = None) -> None:
        import torch

        self.objective = objective
        self.task = objective.tasks[0]
        self.tasks: tuple[str, ...] = (self.task,)
        self.chunk = objective.chunk
        self.index = torch.from_numpy(np.asarray(rows, np.int64))
        self.ceiling = None if p_min is None else math.log(1.0 / p_min)

    def examples(self, task: str) -> int:
        """How many."""
        return len(self.index)

    def losses(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        """Of each example, bounded where a p_min is given."""
        found = self.objective.losses(weights, self.task, self.index[rows])
        return found if self.ceiling is None else found.clamp(max=self.ceiling) / self.ceiling

    def entropies(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        """Never used: entropy on the sample's inputs is transductive."""
        return self.objective.entropies(weights, self.task, self.index[rows])

    def scores(self, weights: Tensors, task: str, rows: torch.Tensor) -> torch.Tensor:
        """Of each example."""
        return self.objective.scores(weights, self.task, self.index[rows])

    def facts(self) -> dict[str, Any]:
        """Those of the whole."""
        return self.objective.facts()


def open_sample(objective: Objective, cases: Any) -> Sample:
    """The sample of an objective.

    Args:
        objective: of one task. Its loss is zero-one if its attribute `zero_one` says so, or it is cross-entropy.
        cases: a CSV file with columns case and patient (optionally image), in the order of the examples; or a CaseSet.

    Raises:
        UserError: more tasks than one, or another number of cases than examples.
    """
    if len(objective.tasks) != 1:
        raise UserError(f"A certificate is about one task, and the sample has {len(objective.tasks)}. Give one file.")
    known = cases if isinstance(cases, CaseSet) else read_cases(Path(cases))
    count = objective.examples(objective.tasks[0])
    if len(known.cases) != count:
        raise UserError(f"The sample has {count} examples and cases names {len(known.cases)}. List them in one order.")
    zero_one = getattr(objective, "zero_one", getattr(objective, "kind", "") == "cross-entropy")
    return Sample(objective, known, "zero-one" if zero_one else "bounded")


def require_independent(sample: Sample, source: Source) -> None:
    """Check what a certificate would be refused for at the end, before anything is learnt from the sample.

    Raises:
        Refused: two cases of one patient, or a case, patient or image that `source` saw.
    """
    apart = Claim(
        subject="", family="held-out", predictor="deterministic", loss="zero-one", sample=sample.cases,
        losses=np.zeros(sample.size), looked_at=1, sources=(Source("training", "", CaseSet((), ())), source),
    )  # fmt: skip
    rules.sample(apart)
    rules.disjoint(apart)


def pool_source(trained_on: Any, statement: str | None) -> Source:
    """What the pool was trained on: cases (CSV file or CaseSet), checked against the sample, or a statement.

    Raises:
        UserError: neither is known.
    """
    if trained_on is not None:
        data = trained_on if isinstance(trained_on, CaseSet) else read_cases(Path(trained_on))
        return Source("pool", "fine-tuned models", data)
    if not (statement or "").strip():
        raise UserError(
            "A certificate is void if the models saw the sample: give trained_on (a CSV file with columns case and "
            "patient), or say in trained_on_statement why they cannot have."
        )
    return Source("pool", "fine-tuned models", None, str(statement))

"""What every selection rule is: a sequence of steps that can stop and go on, and ends in weights and a network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from model_adapters.methods.bads.batches import Batches, generator
from model_adapters.methods.bads.problem import Problem
from model_adapters.methods.bads.settings import Settings
from model_adapters.methods.bads.walk import Walk

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from model_adapters.methods.bads.dynamics import Parameters

COLUMNS = ("step", "meta_loss", "train_loss", "mean_weight")
"""Of the trace: losses in nats an example, the training set's without weights."""


@dataclass(frozen=True)
class Selection:
    """What a rule found.

    Attributes:
        weights: float64[n], how much each training example counts; at least 0.
        deviations: float64[n], their posterior standard deviation; 0 for a rule that has none.
        theta: the network. meta_weight: how much a meta example counts beside them.
        trace: float64[k, 4], columns as in COLUMNS. facts: of the rule, for the record.
        scores: float64[n] that the weights were chosen by, higher for better, of a rule that chooses.
    """

    weights: Tensor
    deviations: Tensor
    theta: Parameters
    meta_weight: float
    trace: Tensor
    facts: Mapping[str, Any] = field(default_factory=dict)
    scores: Tensor | None = None


class Chain(ABC):
    """A rule in progress.

    Attributes:
        steps: in all, of whatever networks. passes: examples that went forward and backward so far, the cost.
    """

    def __init__(self, problem: Problem, settings: Settings, seed: int) -> None:
        self.problem, self.settings, self.seed = problem, settings, seed
        self.steps = settings.steps
        self.passes = 0
        self.walk = Walk("network", problem, settings, seed)
        self._train = Batches(problem.train, settings.batch, seed, "bads train")
        self._meta = Batches(problem.meta, settings.batch, seed, "bads meta")
        self._trace: list[list[float]] = []

    @abstractmethod
    def step(self, number: int) -> None:
        """Step `number`, from 0 to `steps` - 1. Randomness follows from (seed, number)."""

    @abstractmethod
    def selection(self) -> Selection:
        """After the last step."""

    def batch(self, number: int) -> tuple[Tensor, Tensor, torch.Generator]:
        """Rows of the training set and of the meta set, and the noise of a step."""
        self.problem.turn(self._train.epoch(number), self._meta.epoch(number))
        return self._train.rows(number), self._meta.rows(number), generator(self.seed, f"step {number}", "bads noise")

    def note(self, number: int, meta_loss: float, train_loss: float, mean_weight: float) -> None:
        """A row of the trace."""
        self._trace.append([float(number), meta_loss, train_loss, mean_weight])

    def samples_now(self, number: int) -> bool:
        """Whether a sample is taken after this step."""
        return number >= self.settings.burn_in * self.settings.steps and (number + 1) % self.settings.thin == 0

    @property
    def trace(self) -> Tensor:
        """float64[k, 4]."""
        import torch

        return torch.tensor(self._trace, dtype=torch.float64).reshape(-1, len(COLUMNS))

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on."""
        import torch

        return {"passes": torch.tensor(self.passes), "trace": self.trace, **self.walk.state()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""
        self.passes, self._trace = int(state["passes"]), state["trace"].tolist()
        self.walk.restore(state)

"""Rules that score every training example once, keep the best `share` of them, and train on those."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from model_adapters.methods.bads.chain import Chain, Selection
from model_adapters.methods.bads.dynamics import leaves
from model_adapters.methods.bads.fixed import FixedChain
from model_adapters.methods.bads.walk import Walk

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.bads.dynamics import Parameters
    from model_adapters.methods.bads.problem import Problem
    from model_adapters.methods.bads.settings import Settings


@dataclass(frozen=True)
class Stage:
    """A network that is trained to score.

    Attributes:
        name: of its tensors in the state. steps: of it. pulls: of training set and meta set.
        start: name of the stage at whose end it starts; a fresh network where None.
    """

    name: str
    steps: int
    pulls: tuple[float, float]
    start: str | None = None


Score = Callable[["Problem", "dict[str, Parameters]"], "Tensor"]
"""Networks of the stages by name -> float[n], higher for examples to be kept."""


class ScoredChain(Chain):
    """Stages one after the other, then a `FixedChain` over what was chosen.

    Args:
        stages, score: how. floor: weight of what is not chosen.
    """

    def __init__(
        self, problem: Problem, settings: Settings, seed: int, stages: tuple[Stage, ...], score: Score, floor: float
    ) -> None:
        super().__init__(problem, settings, seed)
        self._stages, self._score, self._floor = stages, score, floor
        self._walks = {each.name: Walk(each.name, problem, settings, seed) for each in stages}
        self._before = sum(each.steps for each in stages)
        self.steps = self._before + settings.steps
        self._last: FixedChain | None = None
        self._scores: Tensor | None = None

    def step(self, number: int) -> None:
        """One step of the stage whose turn it is, or of the network that is kept."""
        first = 0
        for stage in self._stages:
            if number < first + stage.steps:
                self._prepare(stage, number, number == first)
                return
            first += stage.steps
        chain = self._final()
        before = chain.passes
        chain.step(number - self._before)
        self.passes += chain.passes - before

    def _prepare(self, stage: Stage, number: int, first: bool) -> None:
        walk = self._walks[stage.name]
        if first and stage.start is not None:
            walk.start_from(self._walks[stage.start])
        rows, trusted, rng = self.batch(number)
        theta = leaves(walk.theta)
        loss, meta = 0.0 * next(iter(theta.values())).sum(), False
        for pull, picked in zip(stage.pulls, (rows, trusted), strict=True):
            if pull:
                loss = loss + pull * self.problem.losses(theta, picked, meta=meta).mean()
                self.passes += len(picked)
            meta = True
        walk.descend(loss, theta, rng)

    def _final(self) -> FixedChain:
        if self._last is None:
            import torch

            with torch.no_grad():
                score = self._score(self.problem, {name: walk.theta for name, walk in self._walks.items()})
            self._scores = score.double()
            weights = kept(score, self.settings.share, self._floor)
            self._last = FixedChain(self.problem, self.settings, self.seed, weights, 1.0)
        return self._last

    def selection(self) -> Selection:
        """The weights that were chosen, by which scores, and the network trained on them."""
        return replace(self._final().selection(), scores=self._scores)

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on; what was chosen follows from the networks of the stages."""
        import torch

        found = {} if self._last is None else self._last.state()
        found |= {"passes_in_all": torch.tensor(self.passes)}
        for walk in self._walks.values():
            found |= walk.state()
        return found

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""
        for walk in self._walks.values():
            walk.restore(state)
        if "passes" in state:
            self._final().restore(state)
        self.passes = int(state["passes_in_all"])


def kept(score: Tensor, share: float, floor: float) -> Tensor:
    """float32[n]: 1 for the best `share` of the examples (at least one), `floor` for the others; ties by row."""
    import torch

    many = max(1, round(share * len(score)))
    best = torch.sort(score, descending=True, stable=True).indices[:many]
    weights = torch.full((len(score),), float(floor))
    weights[best] = 1.0
    return weights

"""Frank-Wolfe that a certificate can count: a start, picks and steps that the sample chooses from fixed lists.

After T steps over V vertices, B blocks and G step sizes at most (V^B G)^T models can come out, whatever the sample:
ln M = T (B ln V + ln G) (references [6.1]; nobody has published it). So nothing may stop early, no step may depend on
the sample but by its place in the list, and equal scores go to the first vertex.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data_splits.errors import UserError
from model_adapters.methods.certificates.course import Stage
from model_adapters.methods.certificates.sample import Part
from model_adapters.methods.merging.blocks import Blocks
from model_adapters.methods.merging.frank_wolfe.oracle import ask
from model_adapters.methods.merging.frank_wolfe.steps import line_search
from model_adapters.methods.merging.ledger import Ledger, uniform
from model_adapters.methods.merging.objective import gradient, value
from model_adapters.methods.merging.pool import Pool


@dataclass(frozen=True)
class Walk:
    """Frank-Wolfe of a pool.

    Attributes:
        blocks: where one vertex is picked. start: "base" or "average".
        grid: 0 for the open-loop step 2 / (t + 2), else how many even steps of (0, 1] a line search tries besides 0.
    """

    pool: Pool
    blocks: Blocks
    start: str
    grid: int

    def __post_init__(self) -> None:
        if self.start not in ("base", "average"):
            raise UserError(f"start is {self.start!r}; a start without data is base or average.")
        if self.grid < 0:
            raise UserError(f"grid is {self.grid}; it is 0 (open-loop) or a number of steps.")
        self.pool.checkpoint(0)

    @property
    def step_sizes(self) -> int:
        """G."""
        return self.grid + 1 if self.grid else 1

    def begin(self) -> Ledger:
        """The start."""
        if self.start == "base":
            return uniform(self.blocks, {0: 1.0})
        return uniform(self.blocks, dict.fromkeys(range(1, self.pool.size + 1), 1.0 / self.pool.size))

    def moved(self, ledger: Ledger, picks: list[int], step: int, iteration: int) -> Ledger:
        """One step: `picks` a vertex of each block, `step` the place of the step size in its list."""
        end = ledger.replaced({block: {pick: 1.0} for block, pick in zip(self.blocks, picks, strict=True)})
        return ledger.toward(end, step / self.grid if self.grid else 2.0 / (iteration + 2.0))

    def replayed(self, trace: list[dict[str, Any]]) -> Ledger:
        """The iterate that picks and steps lead to."""
        ledger = self.begin()
        for iteration, line in enumerate(trace):
            ledger = self.moved(ledger, line["picks"], line["step"], iteration)
        return ledger


def walk(way: Walk, part: Part, count: int, stage: Stage) -> list[dict[str, Any]]:
    """Picks, steps, losses and gaps of `count` iterations; those of a killed call are kept."""
    trace: list[dict[str, Any]] = stage.state().get("trace", [])
    ledger = way.replayed(trace)
    vertices = list(way.pool.vertices)
    while len(trace) < count:
        model = ledger.tensors(way.pool)
        loss, slope = gradient(part, model)
        answer = ask(way.pool, slope, way.blocks, ledger, "inner-product", vertices)
        # A block without gradient ranks nothing; stopping there would be an outcome that is not paid for.
        picks = [answer.ranked[block][0] if answer.ranked[block] else vertices[0] for block in way.blocks]
        step = 0
        if way.grid:
            end = way.moved(ledger, picks, way.grid, len(trace)).tensors(way.pool)

            def along(share: float, model: Any = model, end: Any = end) -> float:
                return value(part, {name: each + share * (end[name] - each) for name, each in model.items()})

            step = round(line_search(along, loss, way.grid) * way.grid)
        ledger = way.moved(ledger, picks, step, len(trace))
        trace.append({"loss": loss, "gap": answer.gap, "picks": picks, "step": step})
        stage.keep({"trace": trace}, len(trace))
    return trace

"""The selection rules by name: BADS and what its claim must beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from data_splits.errors import UserError
from model_adapters.methods.bads.bads_rule import BadsChain
from model_adapters.methods.bads.batches import generator
from model_adapters.methods.bads.bilevel import BilevelChain
from model_adapters.methods.bads.chain import Chain
from model_adapters.methods.bads.fixed import FixedChain
from model_adapters.methods.bads.scored import ScoredChain, Stage

if TYPE_CHECKING:
    from torch import Tensor

    from model_adapters.methods.bads.dynamics import Parameters
    from model_adapters.methods.bads.problem import Problem
    from model_adapters.methods.bads.settings import Settings

RULES = {
    "bads": "joint Langevin dynamics over network and weights (reconstruction of arXiv 2411.03768)",
    "mixing": "everything, training and meta examples alike",
    "random": "a random share of the training examples, and the meta examples",
    "meta-only": "the meta examples alone",
    "duplicated-meta": "everything, the meta set repeated until it weighs as much as the training set",
    "blo": "one-step bilevel optimisation (Ren et al. 2018)",
    "cds": "contrastive data selection: what a network fine-tuned on the meta set likes better than before",
    "ask": "a filter by a scorer that is asked of every example (settings: scorer), as AskLLM filters texts",
    "small-loss": "what a network learns first, without looking at the meta set",
}
"""Rule -> what it trains on."""

CONTROLS = ("mixing", "meta-only", "duplicated-meta", "random", "blo", "cds", "ask")
"""What a result of BADS stands beside; the cheap explanations of a gain are meta-only and duplicated-meta."""


def new_chain(
    rule: str,
    problem: Problem,
    settings: Settings,
    seed: int,
    scores: Tensor | None = None,
    weights: Tensor | None = None,
) -> Chain:
    """A rule before its first step.

    Args:
        scores: float[n] of a scorer, for ask. weights: float[n], in place of a rule: trained on as they are (a control
            that knows which examples are wrong is such a rule).

    Raises:
        UserError: no such rule.
    """
    import torch

    if weights is not None:
        return FixedChain(problem, settings, seed, weights, 1.0)
    everything = torch.ones(problem.train)
    if rule == "bads":
        return BadsChain(problem, settings, seed)
    if rule == "blo":
        return BilevelChain(problem, settings, seed)
    if rule == "mixing":
        return FixedChain(problem, settings, seed, everything, 1.0)
    if rule == "duplicated-meta":
        return FixedChain(problem, settings, seed, everything, problem.train / problem.meta, (1.0, 1.0))
    if rule == "meta-only":
        return FixedChain(problem, settings, seed, everything * 0.0, 1.0, (0.0, 1.0))
    if rule not in RULES:
        raise UserError(f"No rule is called {rule!r}: choose from {', '.join(RULES)}.")
    stages, score = _scored(rule, settings, seed, scores)
    return ScoredChain(problem, settings, seed, stages, score, settings.floor if rule == "cds" else 0.0)


def _scored(
    rule: str, settings: Settings, seed: int, scores: Tensor | None
) -> tuple[tuple[Stage, ...], Callable[[Problem, dict[str, Parameters]], Tensor]]:
    import torch

    if rule == "random":
        return (), lambda problem, _: torch.rand(problem.train, generator=generator(seed, "random", "bads choice"))
    if rule == "ask" and scores is not None:
        return (), lambda problem, _: scores
    if rule == "ask":
        stage = Stage("asked", max(1, settings.steps // 2), (0.0, 1.0))
        return (stage,), lambda problem, found: -problem.losses(found["asked"], None)
    if rule == "small-loss":
        stage = Stage("early", max(1, settings.steps // 10), (1.0, 0.0))
        return (stage,), lambda problem, found: -problem.losses(found["early"], None)
    general = Stage("general", settings.steps, (1.0, 0.0))
    tuned = Stage("tuned", max(1, settings.steps // 4), (0.0, 1.0), start="general")
    return (
        general,
        tuned,
    ), lambda problem, found: problem.losses(found["general"], None) - problem.losses(found["tuned"], None)

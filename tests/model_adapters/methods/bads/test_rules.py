from itertools import pairwise

import numpy as np
import pytest
import torch

from data_splits.errors import UserError
from model_adapters.methods.bads.chain import Chain
from model_adapters.methods.bads.problem import Examples, Problem, TableProblem
from model_adapters.methods.bads.rules import CONTROLS, RULES, new_chain
from model_adapters.methods.bads.settings import Settings

SETTINGS = Settings(steps=40, batch=16, thin=4, share=0.6)


def problem(wrong: int = 20, size: int = 60) -> Problem:
    """Two classes far apart; the first `wrong` training targets are wrong."""
    rng = np.random.default_rng(0)

    def part(n: int, flipped: int) -> Examples:
        truth = np.arange(n) % 2
        x = rng.normal(size=(n, 4)).astype(np.float32) + 3.0 * truth[:, None].astype(np.float32)
        return Examples(x, np.where(np.arange(n) < flipped, 1 - truth, truth))

    return TableProblem("classes", part(size, wrong), part(12, 0), 2)


def run(rule: str, settings: Settings = SETTINGS, **more: torch.Tensor) -> Chain:
    chain = new_chain(rule, problem(), settings, 0, **more)
    for step in range(chain.steps):
        chain.step(step)
    return chain


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_ends_in_weights_and_a_network_and_can_stop_anywhere(rule: str) -> None:
    whole = run(rule).selection()
    assert whole.weights.shape == (60,) and bool((whole.weights >= 0).all()) and bool(whole.weights.isfinite().all())
    assert {"weight", "bias"} == whole.theta.keys() and len(whole.trace) >= 10
    chain = new_chain(rule, problem(), SETTINGS, 0)
    for stop in (7, chain.steps // 2, chain.steps - 3):
        state = {name: tensor.clone() for name, tensor in chain.state().items()}
        fresh = new_chain(rule, problem(), SETTINGS, 0)
        fresh.restore(state)
        for step in range(getattr(chain, "reached", 0), stop):
            fresh.step(step)
        chain = fresh
        chain.reached = stop  # type: ignore[attr-defined]
    for step in range(chain.reached, chain.steps):  # type: ignore[attr-defined]
        chain.step(step)
    again = chain.selection()
    assert torch.equal(again.weights, whole.weights) and torch.equal(again.trace, whole.trace)
    assert all(torch.equal(again.theta[name], whole.theta[name]) for name in whole.theta)


@pytest.mark.parametrize("rule", ["ask", "cds", "small-loss"])
def test_rules_that_score_keep_the_asked_share_and_mostly_what_is_right(rule: str) -> None:
    weights = run(rule, Settings(steps=80, batch=16, share=0.6)).selection().weights
    assert int((weights == 1.0).sum()) == 36 and float(weights[:20].mean()) < 0.35


def test_a_floor_keeps_some_weight_for_the_others_of_cds_alone() -> None:
    settings = Settings(steps=10, batch=16, share=0.6, floor=0.1)
    assert sorted(set(run("cds", settings).selection().weights.tolist())) == pytest.approx([0.1, 1.0])
    assert sorted(set(run("random", settings).selection().weights.tolist())) == [0.0, 1.0]


def test_scores_that_are_handed_in_decide() -> None:
    weights = run("ask", scores=torch.arange(60.0)).selection().weights
    assert weights.tolist() == [0.0] * 24 + [1.0] * 36


def test_the_cheap_controls_weigh_as_they_say() -> None:
    assert run("mixing").selection().weights.tolist() == [1.0] * 60
    only, twice = run("meta-only").selection(), run("duplicated-meta").selection()
    assert only.weights.tolist() == [0.0] * 60 and only.meta_weight == 1.0
    assert twice.weights.tolist() == [1.0] * 60 and twice.meta_weight == pytest.approx(5.0)
    assert run("random").selection().weights.sum() == 36


def test_bilevel_weights_point_where_the_meta_loss_falls() -> None:
    """The slope in an example's share, by finite differences of the meta loss after one step."""
    from model_adapters.methods.bads.bilevel import BilevelChain
    from model_adapters.methods.bads.dynamics import gradient, leaves

    made = problem()
    chain = BilevelChain(made, Settings(steps=1, batch=60, rate=0.1), 0)
    rows, trusted = torch.arange(60), torch.arange(12)
    found = chain._weights(rows, trusted)
    theta = leaves(chain.walk.theta)

    def after(share: torch.Tensor) -> float:
        meta = made.losses(theta, trusted, meta=True).mean()
        slope = gradient(meta + (share * made.losses(theta, rows)).sum(), theta)
        moved = {name: theta[name] - 0.1 * slope[name] for name in theta}
        return float(made.losses(moved, trusted, meta=True).mean().detach())

    step = 1e-2
    slopes = []
    for row in range(60):
        share = torch.zeros(60)
        share[row] = step
        slopes.append((after(-share) - after(share)) / (2 * step))
    expected = np.maximum(slopes, 0.0)
    assert np.allclose(found.numpy(), expected / expected.sum(), atol=2e-3)
    assert float(found[20:].mean()) > 2 * float(found[:20].mean())


def test_weights_that_are_given_are_trained_on() -> None:
    known = (torch.arange(60) >= 20).float()
    clean, mixed = (new_chain("mixing", problem(), SETTINGS, 0, weights=each) for each in (known, torch.ones(60)))
    losses = []
    for chain in (clean, mixed):
        for step in range(chain.steps):
            chain.step(step)
        losses.append(float(problem().losses(chain.selection().theta, None, meta=True).mean()))
    assert losses[0] < losses[1]


def test_costs_are_told_apart_and_names_are_known() -> None:
    passes = {rule: run(rule).passes for rule in ("meta-only", "mixing", "bads", "blo", "cds")}
    assert all(one < other for one, other in pairwise(passes[name] for name in ("meta-only", "mixing", "bads", "blo")))
    assert passes["cds"] > passes["mixing"] and set(CONTROLS) < set(RULES)
    with pytest.raises(UserError, match="No rule is called 'best'"):
        new_chain("best", problem(), SETTINGS, 0)

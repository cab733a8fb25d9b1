import numpy as np
import pytest
import torch

from model_adapters.methods.bads.bads_rule import BadsChain
from model_adapters.methods.bads.batches import generator
from model_adapters.methods.bads.dynamics import gradient, leaves
from model_adapters.methods.bads.problem import Examples, Problem, TableProblem
from model_adapters.methods.bads.settings import Settings


def planted(wrong: float = 0.3, size: int = 200) -> tuple[Problem, np.ndarray]:
    """Three Gaussian classes; a share of the training targets is the next class. Flags of the wrong ones."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 6)) * 2.0

    def part(n: int, share: float) -> tuple[Examples, np.ndarray]:
        truth = np.arange(n) % 3
        flag = rng.random(n) < share
        return Examples(
            (centres[truth] + rng.normal(size=(n, 6))).astype(np.float32), np.where(flag, (truth + 1) % 3, truth)
        ), flag

    train, flag = part(size, wrong)
    return TableProblem("classes", train, part(30, 0.0)[0], 3), flag


def auroc(score: np.ndarray, truth: np.ndarray) -> float:
    above = score[truth][:, None] - score[~truth][None]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


@pytest.mark.parametrize("more", [{"normaliser": 0.0}, {"normaliser": 0.3}, {"weights": "network", "weight_rate": 0.1}])
def test_wrong_labels_lose_their_weight(more: dict) -> None:
    problem, flag = planted()
    chain = BadsChain(problem, Settings(steps=400, thin=5, **more), 0)
    for step in range(400):
        chain.step(step)
    found = chain.selection()
    weights = found.weights.numpy()
    assert auroc(-weights, flag) > 0.95
    assert abs(weights.mean() - 0.5) < 0.15, "the prior asks for a mean weight of one half"
    assert found.facts["samples"] == 40 and len(found.trace) == 80
    assert float(problem.losses(found.theta, None, meta=True).mean()) < 0.35


def test_a_step_is_the_slope_of_the_potential_as_written_down() -> None:
    problem, _ = planted()
    settings = Settings(steps=1, batch=500, temperature=0.0, decay=0.0, momentum=0.0, normaliser=0.4, share=0.3,
                        pull=2.0, spread=0.05, weight_rate=0.7)  # fmt: skip
    chain = BadsChain(problem, settings, 3)
    start = leaves(problem.start(generator(3, "network", "bads start")))
    other = problem.start(generator(3, "other", "bads start"))
    chain.step(0)
    own, alone = problem.losses(start, None), problem.losses(other, None)
    potential = problem.losses(start, None, meta=True).mean() + 2.0 * own.mean()  # w / share = 1
    slope = gradient(potential, start)
    assert torch.allclose(chain.walk.theta["weight"], start["weight"] - 0.05 * slope["weight"], atol=1e-6)
    a = np.log(0.3 / 0.7) - 0.7 * 0.3 * 0.7 * (own - 0.4 * alone).detach().numpy()
    assert np.allclose(chain._all().numpy(), 1 / (1 + np.exp(-a.clip(-6, 6))), atol=1e-5)


def test_the_normaliser_gives_rare_classes_their_weight_back() -> None:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(4, 8)) * 1.2
    counts = (6, 6, 100, 100)
    truth = np.repeat(np.arange(4), counts)
    train = Examples((centres[truth] + rng.normal(size=(212, 8))).astype(np.float32), truth)
    kinds = np.repeat(np.arange(4), 8)
    meta = Examples((centres[kinds] + rng.normal(size=(32, 8))).astype(np.float32), kinds)
    found = {}
    for kappa in (0.0, 0.6):
        chain = BadsChain(TableProblem("classes", train, meta, 4), Settings(steps=500, normaliser=kappa, decay=0.0), 0)
        for step in range(500):
            chain.step(step)
        found[kappa] = auroc(chain.selection().weights.numpy(), truth < 2)
    assert found[0.0] < 0.5 < 0.7 < found[0.6]


def test_cost_counts_every_example_that_went_forward_and_backward() -> None:
    problem, _ = planted(size=100)
    for kappa, expected in ((0.0, 2 * (20 + 20)), (0.3, 2 * (20 + 20 + 20))):
        chain = BadsChain(problem, Settings(steps=2, batch=20, normaliser=kappa), 0)
        chain.step(0)
        chain.step(1)
        assert chain.passes == expected

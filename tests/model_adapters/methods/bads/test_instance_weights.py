import numpy as np
import pytest
import torch

from model_adapters.methods.bads.batches import generator
from model_adapters.methods.bads.dynamics import Dynamics
from model_adapters.methods.bads.instance_weights import FreeWeights, WeightNetwork, logit
from model_adapters.methods.bads.problem import Examples, TableProblem


def test_a_free_weight_moves_by_its_own_slope_alone() -> None:
    weights = FreeWeights(3, 0.25, rate=2.0, temperature=0.0)
    weights.step(torch.tensor([1]), torch.tensor([4.0]), torch.zeros(1), generator(0, "a", "b"))
    expected = 1 / (1 + np.exp(-(logit(0.25) - 2.0 * 0.25 * 0.75 * 4.0)))
    assert weights.of(None).tolist() == pytest.approx([0.25, expected, 0.25], abs=1e-6)


def test_a_weight_can_always_come_back() -> None:
    weights = FreeWeights(1, 0.5, rate=50.0, temperature=0.0)
    row, rng = torch.tensor([0]), generator(0, "a", "b")
    weights.step(row, torch.tensor([100.0]), torch.zeros(1), rng)
    assert float(weights.of(row)) == pytest.approx(1 / (1 + np.exp(6.0)), rel=1e-4)
    for _ in range(20):
        weights.step(row, torch.tensor([-100.0]), torch.zeros(1), rng)
    assert float(weights.of(row)) > 0.9


@pytest.mark.parametrize("sees", ["example", "loss", "both"])
def test_a_weight_network_starts_level_and_learns_to_tell_what_it_sees(sees: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 2)).astype(np.float32), np.arange(80) % 2
    x[:, 0] += 3.0 * y
    part = Examples(x, y)
    problem = TableProblem("classes", part, part, 2)
    weights = WeightNetwork(problem, sees, 8, 0.3, Dynamics(0.2, 0.0), generator(0, "a", "b"))
    rows, losses = torch.arange(80), torch.from_numpy(y * 2.0).float()
    assert weights.needs_losses is (sees != "example")
    assert weights.of(None, losses).tolist() == pytest.approx([0.3] * 80, abs=1e-6)
    for step in range(300):
        weights.step(rows, torch.from_numpy(2.0 * y - 1.0).float(), losses, generator(step, "a", "b"))
    found = weights.of(None, losses).numpy()
    assert found[y == 0].min() > 0.8 and found[y == 1].max() < 0.2
    again = WeightNetwork(problem, sees, 8, 0.3, Dynamics(0.2, 0.0), generator(9, "a", "b"))
    again.restore(weights.state())
    assert torch.equal(again.of(rows, losses), weights.of(rows, losses))

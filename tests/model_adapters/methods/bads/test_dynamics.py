import pytest
import torch

from model_adapters.methods.bads.batches import generator
from model_adapters.methods.bads.dynamics import Dynamics, at_rest, gradient, leaves


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_variance_at_rest_is_temperature_over_examples_and_curvature(momentum: float) -> None:
    # L = 2 x^2 has curvature 4: variance T / (N k) = 3 / (25 * 4) = 0.03, on 4000 independent coordinates
    dynamics = Dynamics(rate=0.02, momentum=momentum, temperature=3.0, examples=25)
    theta = {"x": torch.zeros(4000)}
    velocity = at_rest(theta)
    rng = generator(0, "test", "test")
    for _ in range(400):
        theta, velocity = dynamics.step(theta, velocity, {"x": 4.0 * theta["x"]}, rng)
    assert float(theta["x"].var()) == pytest.approx(0.03, rel=0.08)
    assert abs(float(theta["x"].mean())) < 0.01


def test_the_prior_of_the_parameters_is_gaussian_with_the_given_precision() -> None:
    # no loss at all: only the prior, precision N decay = 50
    dynamics = Dynamics(rate=0.05, momentum=0.5, temperature=1.0, examples=100, decay=0.5)
    theta = {"x": torch.zeros(4000)}
    velocity = at_rest(theta)
    rng = generator(1, "test", "test")
    for _ in range(600):
        theta, velocity = dynamics.step(theta, velocity, at_rest(theta), rng)
    assert float(theta["x"].var()) == pytest.approx(1 / 50, rel=0.08)


def test_without_temperature_it_descends_and_draws_nothing() -> None:
    dynamics = Dynamics(rate=0.1, momentum=0.9)
    rng = generator(0, "a", "b")
    before = rng.get_state()
    theta, velocity = dynamics.step({"x": torch.ones(2)}, {"x": torch.full((2,), 0.5)}, {"x": torch.ones(2)}, rng)
    assert theta["x"].tolist() == pytest.approx([1.35, 1.35]) and velocity["x"].tolist() == pytest.approx([0.35] * 2)
    assert torch.equal(rng.get_state(), before)


def test_a_parameter_that_the_loss_does_not_know_has_no_slope() -> None:
    theta = leaves({"a": torch.tensor([2.0]), "b": torch.tensor([1.0])})
    found = gradient((theta["a"] ** 2).sum(), theta)
    assert found["a"].tolist() == [4.0] and found["b"].tolist() == [0.0]

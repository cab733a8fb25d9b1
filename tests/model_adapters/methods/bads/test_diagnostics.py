import numpy as np
import pytest

from model_adapters.methods.bads.diagnostics import chain_size, drift, effective_examples, summary


def test_effective_examples_of_known_weights() -> None:
    assert effective_examples(np.ones(7)) == pytest.approx(7.0)
    assert effective_examples(np.array([1.0, 0.0, 0.0])) == pytest.approx(1.0)
    assert effective_examples(np.array([2.0, 2.0, 1.0])) == pytest.approx(25 / 9)
    assert effective_examples(np.zeros(3)) == 0.0


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_an_autoregressive_series_is_worth_what_theory_says(memory: float) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=20000)
    series = np.zeros(20000)
    for step in range(1, 20000):
        series[step] = memory * series[step - 1] + noise[step]
    assert chain_size(series) == pytest.approx(20000 * (1 - memory) / (1 + memory), rel=0.15)


def test_a_constant_or_short_series_is_worth_one_draw_at_most() -> None:
    assert chain_size(np.full(100, 0.3)) == 1.0
    assert chain_size(np.array([1.0, 2.0])) == 1.0
    assert chain_size(np.zeros(0)) == 0.0


def test_drift_tells_a_chain_at_rest_from_one_on_its_way() -> None:
    rng = np.random.default_rng(1)
    at_rest = [abs(drift(rng.normal(size=200))) for _ in range(200)]
    assert np.mean(np.array(at_rest) < 2.0) > 0.85
    assert abs(drift(np.linspace(0.0, 1.0, 200) + 0.01 * rng.normal(size=200))) > 5.0
    assert drift(np.ones(100)) == 0.0 and drift(np.arange(5.0)) == 0.0


def test_the_summary_leaves_the_burn_in_out() -> None:
    trace = np.column_stack([np.arange(10.0), np.r_[np.full(5, 9.0), np.full(5, 1.0)]])
    found = summary(np.array([0.0, 1.0]), np.array([0.1, 0.3]), trace, ("step", "loss"), 0.5)
    assert found["chain"]["loss"]["mean"] == 1.0 and found["chain"].keys() == {"loss"}
    assert found["mean_weight"] == 0.5 and found["mean_deviation"] == pytest.approx(0.2) and found["deciles"][-1] == 1.0

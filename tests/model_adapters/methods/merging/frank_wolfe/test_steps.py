import pytest

from data_splits.errors import UserError
from model_adapters.methods.merging.frank_wolfe.steps import line_search, short_step, step_size

# phi(s) = 3 - 2 s + 5 s^2 / 2: slope -2, curvature 5, minimum at 0.4.


def phi(step: float) -> float:
    return 3.0 - 2.0 * step + 2.5 * step**2


def test_open_loop_by_hand() -> None:
    settings = {"alpha": 0.5, "scaling": 0.8}
    steps = [step_size("open-loop", t, settings, phi, 3.0, -2.0, 1.0, 0.0)[0] for t in range(3)]
    assert steps == pytest.approx([0.4, 0.8 / 3, 0.2])
    assert step_size("open-loop", 0, {"alpha": 3.0, "scaling": 1.0}, phi, 3.0, -2.0, 1.0, 0.0)[0] == 1.0
    with pytest.raises(UserError, match="line-search"):
        step_size("linesearch", 0, settings, phi, 3.0, -2.0, 1.0, 0.0)


def test_line_search_finds_the_minimum_and_the_ends() -> None:
    assert line_search(phi, 3.0) == pytest.approx(0.4, abs=1e-5)
    assert line_search(lambda step: -step, 0.0) == 1.0
    assert line_search(lambda step: step, 0.0) == 0.0
    assert line_search(phi, 3.0, grid=4) == 0.5
    assert line_search(phi, 3.0, grid=1) == 0.0
    assert line_search(lambda step: 0.0, 0.0, grid=8) == 0.0


def test_short_step_minimises_the_quadratic_bound() -> None:
    assert short_step(phi, 3.0, -2.0, 1.0, 5.0, 0.0) == (0.4, 5.0)
    assert short_step(phi, 3.0, -2.0, 1.0, 1.0, 0.0) == (1.0, 1.0)
    assert short_step(phi, 3.0, 0.5, 1.0, 5.0, 0.0)[0] == 0.0
    assert short_step(phi, 3.0, -2.0, 0.0, 5.0, 0.0)[0] == 0.0


def test_doubling_stops_at_an_honest_bound() -> None:
    step, smoothness = short_step(phi, 3.0, -2.0, 1.0, 0.0, 0.0)
    # From L = 2 (step 1) it doubles until 3 - 2s + s^2 L / 2 is no less than phi: L >= 5, so 8.
    assert smoothness == 8.0 and step == 0.25
    assert phi(step) < 3.0

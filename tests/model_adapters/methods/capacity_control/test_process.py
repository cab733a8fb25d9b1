import numpy as np
import pytest
import torch
from diffusers import (
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
)

from data_splits.errors import UserError
from model_adapters.generators.noise_norm import epsilon_factor
from model_adapters.methods.capacity_control.process import Process


def made(seed: int = 0, n: int = 6) -> tuple[torch.Tensor, torch.Tensor, torch.Generator]:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn((n, 4, 3, 3), generator=rng), torch.randn((n, 4, 3, 3), generator=rng), rng


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_agrees_with_the_training_scheduler_of_diffusers(kind: str) -> None:
    clean, noise, rng = made()
    theirs = DDPMScheduler(beta_schedule="scaled_linear", prediction_type=kind)
    ours = Process(DPMSolverMultistepScheduler.from_config(theirs.config))
    level = ours.draw(6, rng)
    torch.testing.assert_close(ours.noisy(clean, noise, level), theirs.add_noise(clean, noise, level.time))
    wanted = noise if kind == "epsilon" else theirs.get_velocity(clean, noise, level.time)
    torch.testing.assert_close(ours.target(clean, noise, level), wanted)


def test_flow_goes_straight_from_data_to_noise() -> None:
    clean, noise, rng = made()
    process = Process(FlowMatchEulerDiscreteScheduler(shift=3.0))
    level = process.draw(6, rng)
    torch.testing.assert_close(level.time, 1000 * level.sigma)
    x, u = process.noisy(clean, noise, level), process.target(clean, noise, level)
    sigma = level.sigma[:, None, None, None]
    torch.testing.assert_close(x - sigma * u, clean)  # one exact step back
    torch.testing.assert_close(process.at(level.time).alpha, level.alpha)


def test_the_schedulers_shift_moves_the_median_of_the_times() -> None:
    for shift in (1.0, 3.0):
        drawn = (
            Process(FlowMatchEulerDiscreteScheduler(shift=shift)).draw(20_001, torch.Generator().manual_seed(1)).sigma
        )
        assert float(drawn.median()) == pytest.approx(shift * 0.5 / (1 + (shift - 1) * 0.5), abs=0.01)


def test_times_are_uniform_over_the_discrete_ones() -> None:
    drawn = Process(DDPMScheduler()).draw(50_000, torch.Generator().manual_seed(2)).time
    assert int(drawn.min()) == 0 and int(drawn.max()) == 999
    counts = np.bincount(drawn.numpy() // 100, minlength=10)
    assert np.abs(counts - 5000).max() < 5 * np.sqrt(5000)


@pytest.mark.parametrize(
    "scheduler",
    [
        DDPMScheduler(),
        DPMSolverMultistepScheduler(prediction_type="v_prediction"),
        DPMSolverMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
    ],
)
def test_the_noise_gap_is_that_of_the_generators_noise_norm(scheduler: object) -> None:
    told, plain, _ = made(3, 1)
    process = Process(scheduler)
    scheduler.set_timesteps(8)  # type: ignore[attr-defined]
    step = 4
    time = scheduler.timesteps[step]  # type: ignore[attr-defined]
    gap = process.noise_gap(told, plain, process.at(time[None]))
    factor = epsilon_factor(scheduler, step, time)
    # The sampler rounds its times to whole numbers, its sigmas it does not.
    assert float(gap) == pytest.approx(float((told - plain).double().norm()) * factor, rel=5e-3)


def test_a_network_that_predicts_the_sample_is_refused() -> None:
    with pytest.raises(UserError, match="predicts sample"):
        Process(EulerDiscreteScheduler(prediction_type="sample"))

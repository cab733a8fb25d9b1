"""The noise norm against its definition, for every kind of prediction, and on both diffusion generators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler
from tiny_sana import save_tiny_sana

from model_adapters.generators import embedded, sana
from model_adapters.generators.noise_norm import epsilon_factor, trajectory_noise_norm
from model_adapters.protocols import BuildContext, GenerationRequest

NORMAL = "PA chest radiograph of a 40 year old man. No acute findings."
EFFUSION = "AP view, 70 year old female. There is a large right pleural effusion."


def noise(n: int = 3) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(n, 2, 4, 4)).astype(np.float32))


def test_a_gap_of_known_size_is_its_norm() -> None:
    """Predictions that differ by c everywhere: every step's norm is c times the root of the number of latents."""
    scheduler = DDIMScheduler(num_train_timesteps=1000, prediction_type="epsilon")
    sizes = torch.tensor([0.0, 0.5, 2.0]).reshape(3, 1, 1, 1)

    def denoise(x: torch.Tensor, time: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return 0.1 * x, 0.1 * x + sizes

    np.testing.assert_allclose(
        trajectory_noise_norm(denoise, scheduler, noise(), 3.0), sizes.flatten() * np.sqrt(32), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "flow_prediction"])
def test_the_same_model_in_other_words_has_the_same_norm(kind: str) -> None:
    """A model that believes in clean images a (no prompt) and b (prompt), asked for eps, v or flow.

    For given x_t = alpha x0 + sigma eps, eps = (x_t - alpha x0) / sigma, so its gap is alpha (a - b) / sigma.
    """
    settings: dict[str, Any] = {"prediction_type": kind, "algorithm_type": "dpmsolver++"}
    if kind == "flow_prediction":
        settings |= {"use_flow_sigmas": True, "flow_shift": 3.0}
    scheduler = DPMSolverMultistepScheduler(**settings)
    clean = {"plain": torch.zeros(3, 2, 4, 4), "told": torch.full((3, 2, 4, 4), 0.3)}
    expected: list[float] = []

    def denoise(x: torch.Tensor, time: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        running.set_timesteps(8)
        step = int((running.timesteps == time).nonzero()[0, 0])
        if kind == "flow_prediction":
            sigma = float(running.sigmas[step])
            alpha = 1.0 - sigma
        else:
            alpha = float(running.alphas_cumprod[int(time)].sqrt())
            sigma = float((1 - running.alphas_cumprod[int(time)]).sqrt())
        expected.append(alpha * 0.3 / sigma * np.sqrt(32))
        said = []
        for x0 in clean.values():
            eps = (x - alpha * x0) / sigma
            said.append({"epsilon": eps, "v_prediction": alpha * eps - sigma * x0, "flow_prediction": eps - x0}[kind])
        return said[0], said[1]

    running = DPMSolverMultistepScheduler(**settings)
    found = trajectory_noise_norm(denoise, scheduler, noise(), 1.0)
    np.testing.assert_allclose(found, np.mean(expected), rtol=1e-4)


def test_a_flow_matching_scheduler_needs_no_word_for_it() -> None:
    scheduler = FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(4)
    assert epsilon_factor(scheduler, 1, scheduler.timesteps[1]) == pytest.approx(1 - float(scheduler.sigmas[1]))


def test_the_scheduler_is_left_alone_and_unknown_kinds_are_refused() -> None:
    scheduler = DPMSolverMultistepScheduler(prediction_type="v_prediction")
    before = scheduler.timesteps.tolist()
    trajectory_noise_norm(lambda x, time: (x, x), scheduler, noise(), 1.0)
    assert scheduler.timesteps.tolist() == before
    with pytest.raises(ValueError, match="sample"):
        trajectory_noise_norm(lambda x, time: (x, x), DDIMScheduler(prediction_type="sample"), noise(), 1.0)


def _check(norms: Callable[[list[GenerationRequest]], np.ndarray], tolerance: float) -> None:
    prompts = [NORMAL, EFFUSION, "", NORMAL, EFFUSION]
    asked = [GenerationRequest(f"c{i}", prompt, seed=i) for i, prompt in enumerate(prompts)]
    together = norms(asked)
    assert together.shape == (5,) and together.dtype == np.float64 and np.isfinite(together).all()
    assert min(together[0], together[1]) > 1e-3
    alone = np.concatenate([norms([each]) for each in reversed(asked)])[::-1]
    np.testing.assert_allclose(alone, together, rtol=tolerance, atol=1e-6)
    assert together[0] != together[3], "another seed is another trajectory"


def test_on_the_embedded_generator() -> None:
    generator = embedded.build(BuildContext())
    _check(generator.noise_norm, tolerance=0.0)
    assert generator.noise_norm([GenerationRequest("c", "", 2)])[0] == 0.0, "without a prompt there is no gap"
    assert len(generator.noise_norm([])) == 0


def test_on_sana(tmp_path: Path) -> None:
    folder = save_tiny_sana(tmp_path / "sana")
    generator = sana.SANA(BuildContext(target=str(folder), options={"allow_cpu": True}))
    _check(generator.noise_norm, tolerance=1e-4)

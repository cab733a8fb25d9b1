"""How strongly a prompt steers a diffusion model, seen from inside: memorised prompts steer most (Wen et al. 2024).

    norm = mean over the steps t of || eps(x_t, prompt) - eps(x_t, empty prompt) ||_2

along the model's own guided sampling trajectory x_t, in the latent space it denoises ("Detecting, explaining, and
mitigating memorization in diffusion models", ICLR 2024). Networks that predict something else are translated at the
same x_t: with a velocity v = alpha eps - sigma x0 a gap of eps is alpha times that of v, with a flow u = eps - x0 it is
1 - sigma times that of u.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

STEPS = 8
"""Steps of the trajectory: fewer than an image needs, as the gap shows from the first on."""

Denoise = Callable[["Tensor", "Tensor"], tuple["Tensor", "Tensor"]]
"""(latents [n, c, h, w], time) -> predictions without and with the prompt, each [n, c, h, w]."""


def trajectory_noise_norm(
    denoise: Denoise, scheduler: Any, latents: Tensor, guidance: float, steps: int = STEPS
) -> NDArray[np.float64]:
    """The mean norm of each of n images: float64[n].

    Args:
        denoise: the network, by the kind of prediction that the scheduler's `prediction_type` names.
        scheduler: a diffusers scheduler; it is copied, not changed.
        latents: starting noise of deviation 1, [n, c, h, w].
        guidance: of the trajectory.

    Raises:
        ValueError: a prediction type that is not epsilon, v_prediction or flow_prediction.
    """
    scheduler = copy.deepcopy(scheduler)
    scheduler.set_timesteps(steps, device=latents.device)
    x = latents * scheduler.init_noise_sigma
    norms = np.zeros((len(latents), len(scheduler.timesteps)))
    for step, time in enumerate(scheduler.timesteps):
        plain, told = (each.float() for each in denoise(scheduler.scale_model_input(x, time), time))
        gap = (told - plain) * epsilon_factor(scheduler, step, time)
        norms[:, step] = gap.flatten(1).double().norm(dim=1).cpu().numpy()
        x = scheduler.step(plain + guidance * (told - plain), time, x).prev_sample
    result: NDArray[np.float64] = norms.mean(axis=1)
    return result


def epsilon_factor(scheduler: Any, step: int, time: Any) -> float:
    """What a gap of the network's prediction is multiplied by to be a gap of the noise.

    Raises:
        ValueError: an unknown kind of prediction.
    """
    # Flow-matching schedulers have no other kind of prediction and do not name it.
    kind = scheduler.config.get("prediction_type", "flow_prediction")
    if kind == "flow_prediction":
        return 1.0 - float(scheduler.sigmas[step])
    if kind == "v_prediction":
        return float(scheduler.alphas_cumprod[int(time)].sqrt())
    if kind == "epsilon":
        return 1.0
    raise ValueError(f"a network that predicts {kind!r} has no noise norm here")

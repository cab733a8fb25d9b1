"""A latent-diffusion U-Net of diffusers seen from inside: the noise norm that memorisation metrics read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model_adapters.generators.diffusers_pipeline import PipelineGenerator
from model_adapters.generators.noise_norm import trajectory_noise_norm
from model_adapters.protocols import GenerationRequest

if TYPE_CHECKING:
    from torch import Tensor


class UNetGenerator(PipelineGenerator):
    """A `PipelineGenerator` over a U-Net that is told the prompt through cross-attention, with `noise_norm`."""

    def noise_norm(self, requests: Sequence[GenerationRequest]) -> NDArray[np.float64]:
        """Text-conditional noise norm of each request, float64[n], along a short trajectory from its own noise."""
        import torch

        pipe, unet = self._pipe, self._pipe.unet
        device, side = pipe._execution_device, self._call["height"] // pipe.vae_scale_factor
        with torch.inference_mode():
            told, plain = pipe.encode_prompt([request.prompt for request in requests], device, 1, True)
            states = torch.cat([plain, told])
            shape = (unet.config.in_channels, side, side)
            noise = [torch.randn(shape, generator=torch.Generator("cpu").manual_seed(each.seed)) for each in requests]

            def denoise(x: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
                both = torch.cat([x, x]).to(unet.dtype)
                one, other = unet(both, time, encoder_hidden_states=states, return_dict=False)[0].chunk(2)
                return one, other

            return trajectory_noise_norm(denoise, pipe.scheduler, torch.stack(noise).to(device), self._guidance())

    def _guidance(self) -> float:
        value: float = self._call.get("guidance_scale", 7.5)
        return value

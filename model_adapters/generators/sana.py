"""Sana 0.6B, fine-tuned on MIMIC-CXR by the authors of CheXGenBench (the best published model), or stock."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_adapters.card import ModelCard
from model_adapters.generators.diffusers_pipeline import Family, Loaded, PipelineGenerator, native_size
from model_adapters.generators.diffusers_published import Published
from model_adapters.generators.noise_norm import trajectory_noise_norm
from model_adapters.protocols import GenerationRequest

FINE_TUNED = "raman07/CheXGenBench-Models-Sana-e20"
STOCK = "Efficient-Large-Model/Sana_600M_512px_diffusers"
DOWNLOAD_GB = 8.9
"""Gemma-2-2B text encoder 5.23 GB and autoencoder 1.25 GB as the stock repository lists them, transformer 2.4 GB
computed from 0.6 B weights in float32. Not looked up for the fine-tuned repository, which has the same parts."""

LENGTH, PUBLISHED_SIZE = 300, 1024

FAMILY = Family(
    pipeline="SanaPipeline",
    steps=20,
    guidance=4.5,
    call={"max_sequence_length": LENGTH},
    v1={"use_resolution_binning": True},
    v2={"use_resolution_binning": False},
    readers=(("tokenizer", "call"),),
    operations=3.75e11,
)
"""Operations at 512 px: 1.5e13 an image of 20 guided steps. At the published 1024 px it is three times as many."""

CARD = ModelCard(
    name="sana",
    kind="generator",
    source=FINE_TUNED,
    licence="none declared (fine-tuned weights); NVIDIA NSCL v2-custom, non-commercial (stock)",
    verified=False,
    parameters=600_000_000,
    resolution=512,
    settings={"steps": 20, "guidance": 4.5, "scheduler": "the checkpoint's DPM-Solver", "max_sequence_length": LENGTH},
    training_data=("mimic-cxr",),
    needs=(f"hf download {FINE_TUNED}, or --model sana:/path/to/checkpoint", "a CUDA GPU with 12 GB or more"),
    download_gb=DOWNLOAD_GB,
    memory_gb=9.5,
    notes=(
        "v1 draws with everything in float16 at the pipeline's default of 1024 px, as published; a checkpoint made for "
        "512 px is then drawn at 512 px and enlarged by the pipeline. v2 draws at the checkpoint's own size, with text "
        "encoder and autoencoder in bfloat16 on a GPU.",
        "The published run used one global seed (42), so that its images depend on batch size and order; here every "
        "image has its own seed under v1 as well. Prompts and settings are as published, the noise is not.",
    ),
)


class Sana(PipelineGenerator):
    """A `PipelineGenerator` whose prompts stand behind the pipeline's standing instruction, with `noise_norm`."""

    def _load(self, loaded: Loaded) -> Any:
        import torch

        pipe = super()._load(loaded)
        if pipe.transformer.dtype == torch.float16 and loaded.protocol != "v1":
            pipe.text_encoder.to(torch.bfloat16)
            pipe.vae.to(torch.bfloat16)
        return pipe

    def _settings(self, protocol: str, resolution: int | None) -> dict[str, Any]:
        wanted = super()._settings(protocol, None)
        if not self._options["size"]:
            size = PUBLISHED_SIZE if protocol == "v1" else native_size(self._pipe)
            wanted |= {"height": size, "width": size}
        elif protocol == "v1":
            wanted["use_resolution_binning"] = False  # a size of the user's is drawn as it is
        return wanted

    def _more_settings(self) -> dict[str, str]:
        return {"text_encoder_dtype": str(self._pipe.text_encoder.dtype)}

    def _encoded(self, tokenizer: str, prompt: str) -> list[int]:
        """The part of the tokens that the instruction does not take: the pipeline grants 300 beside it, less two."""
        instruction = _instruction(self._pipe)
        ids = super()._encoded(tokenizer, instruction + prompt.lower().strip())
        return ids[len(self._pipe.tokenizer.encode(instruction)) - 2 :]

    def noise_norm(self, requests: Sequence[GenerationRequest]) -> NDArray[np.float64]:
        """Text-conditional noise norm of each request, float64[n], along a short trajectory from its own noise.

        "With the prompt" is with the standing instruction around it, as the pipeline is told; without is the bare "".
        """
        import torch

        pipe, size = self._pipe, native_size(self._pipe)
        with torch.inference_mode():
            told, told_mask, plain, plain_mask = pipe.encode_prompt(
                [request.prompt for request in requests],
                do_classifier_free_guidance=True,
                device=pipe.transformer.device,
                max_sequence_length=LENGTH,
                complex_human_instruction=instruction_lines(pipe),
            )
            states, mask = torch.cat([plain, told]), torch.cat([plain_mask, told_mask])
            generators = [torch.Generator("cpu").manual_seed(request.seed) for request in requests]
            channels = pipe.transformer.config.in_channels
            device = pipe.transformer.device
            latents = pipe.prepare_latents(len(requests), channels, size, size, torch.float32, device, generators)

            def denoise(x: torch.Tensor, time: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
                one, other = pipe.transformer(
                    torch.cat([x, x]).to(pipe.transformer.dtype),
                    encoder_hidden_states=states.to(pipe.transformer.dtype),
                    encoder_attention_mask=mask,
                    timestep=time.expand(2 * len(x)) * pipe.transformer.config.timestep_scale,
                    return_dict=False,
                )[0].chunk(2)
                return one, other

            return trajectory_noise_norm(denoise, pipe.scheduler, latents, self._call["guidance_scale"])


def _instruction(pipe: Any) -> str:
    return "\n".join(instruction_lines(pipe))


def instruction_lines(pipe: Any) -> list[str]:
    """The standing instruction that the pipeline puts before every prompt."""
    lines: list[str] = inspect.signature(type(pipe).__call__).parameters["complex_human_instruction"].default
    return lines


SANA = Published(CARD, FAMILY, stock=STOCK, generator=Sana)

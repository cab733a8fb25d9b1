"""`embedded`: a small latent diffusion model that ships with the package, so that everything runs with no download.

Text to a 128-pixel chest radiograph in the style of the digital phantom. Standard classes in the layout of a
`StableDiffusionPipeline`; trained by `model_adapters.generators.embedded_training` on the phantom's train subset alone.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from data_splits.integrity import sha256_file
from model_adapters.card import ModelCard
from model_adapters.generators.embedded_pins import WEIGHT_HASHES
from model_adapters.generators.fine_tuned import card_facts
from model_adapters.generators.fine_tuned import training_cases as training_cases
from model_adapters.generators.noise_norm import trajectory_noise_norm
from model_adapters.options import read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image
from model_adapters.requirements import Estimate

if TYPE_CHECKING:
    from torch import Tensor

Result = TypeVar("Result")

FOLDER = Path(__file__).parent / "embedded_weights"
STEPS, GUIDANCE, COMPUTE_BATCH = 12, 4.0, 4
SECONDS_PER_IMAGE = 0.22  # measured on one thread


def card() -> ModelCard:
    """The card; what was measured in training and after it is read from the facts beside the weights."""
    facts = json.loads((FOLDER / "facts.json").read_text("utf-8"))
    return ModelCard(
        name="embedded",
        kind="generator",
        source="ships with this package",
        licence="Apache-2.0",
        parameters=facts["parameters"],
        resolution=facts["resolution"],
        settings=_settings(STEPS, GUIDANCE),
        training_data=("phantom/train",),
        weight_hashes=WEIGHT_HASHES,
        needs=("nothing beyond the installed packages",),
        memory_gb=0.5,
        notes=tuple(facts["notes"]),
    )


class Embedded:
    """Draws by DPM-Solver++ with classifier-free guidance; all randomness is the first noise, from the request's seed.

    Options: `steps` (network evaluations, half of them without text), `guidance` (1 follows the prompt as trained, more
    exaggerates it).
    """

    def __init__(self, context: BuildContext) -> None:
        import torch

        chosen = read_options(context.options, {"steps": STEPS, "guidance": GUIDANCE}, "embedded")
        self.steps, self.guidance = int(chosen["steps"]), float(chosen["guidance"])
        if self.steps < 1:
            raise UserError(f"embedded: steps must be 1 or more, not {self.steps}.")
        folder = Path(context.weights or context.target or FOLDER).expanduser()
        hashes = verified_hashes(folder)
        self.card = card().model_copy(
            update={"settings": _settings(self.steps, self.guidance), "weight_hashes": hashes}
            | ({} if folder == FOLDER else {"source": "own weights", "notes": (), **card_facts(folder)})
        )
        self._device = torch.device(context.device)
        self._dtype = getattr(torch, context.dtype or "float32")
        self._load(folder)

    def _load(self, folder: Path) -> None:
        from diffusers import AutoencoderTiny, DPMSolverMultistepScheduler, UNet2DConditionModel
        from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

        self._tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")
        self._scheduler = DPMSolverMultistepScheduler.from_pretrained(folder / "scheduler")
        text = CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder"))
        unet = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(folder / "unet"))
        shape = dict(AutoencoderTiny.load_config(folder / "vae"))
        shape.pop("block_out_channels", None)  # the class writes it itself, and warns of it when it reads it
        vae = AutoencoderTiny.from_config(shape)
        self._text = self._filled(text, folder / "text_encoder/model.safetensors")
        self._unet = self._filled(unet, folder / "unet/diffusion_pytorch_model.safetensors")
        self._vae = self._filled(vae, folder / "vae/diffusion_pytorch_model.safetensors")

    def _filled(self, network: Any, path: Path) -> Any:
        import torch
        from safetensors.torch import load_file

        network.load_state_dict(load_file(path))
        network.to(self._device).eval().requires_grad_(False)
        return network if self._dtype == torch.float32 else network.to(self._dtype)

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        """uint8[128, 128] per request; a function of prompt and seed.

        On a CPU, batches run side by side with one compute thread each. Splitting single operations over threads would
        make the last bits depend on their number, and is ten times slower when another process keeps a core busy.
        """
        return [image for images in self._batched(self._draw, requests) for image in images]

    def annotate(self, request: GenerationRequest) -> dict[str, bool | int]:
        """tokens: length of the prompt; truncated: more than the text encoder reads."""
        tokens = len(self._tokenizer(request.prompt).input_ids)
        return {"tokens": tokens, "truncated": tokens > self._text.config.max_position_embeddings}

    def noise_norm(self, requests: Sequence[GenerationRequest]) -> NDArray[np.float64]:
        """Text-conditional noise norm of each request, float64[n], along a short trajectory from its own noise."""
        return np.concatenate([np.zeros(0), *self._batched(self._noise_norm, requests)])

    def _batched(
        self, function: Callable[[list[GenerationRequest]], Result], requests: Sequence[GenerationRequest]
    ) -> list[Result]:
        chunks = [list(requests[i : i + COMPUTE_BATCH]) for i in range(0, len(requests), COMPUTE_BATCH)]
        if self._device.type != "cpu":
            return [function(chunk) for chunk in chunks]
        import torch

        before = torch.get_num_threads()
        workers = max(1, min(len(chunks), usable_cores()))
        try:
            with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                return list(pool.map(function, chunks))
        finally:
            torch.set_num_threads(before)

    def _noise_norm(self, requests: list[GenerationRequest]) -> NDArray[np.float64]:
        import torch

        padded = requests + [requests[-1]] * (COMPUTE_BATCH - len(requests))
        with torch.inference_mode():
            states = self._states([""] * len(padded) + [each.prompt for each in padded])
            latents = torch.stack([self._noise(each.seed) for each in padded]).to(self._device, self._dtype)

            def denoise(x: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
                plain, told = self._unet(torch.cat([x, x]).to(self._dtype), time, states).sample.chunk(2)
                return plain, told

            return trajectory_noise_norm(denoise, self._scheduler, latents, self.guidance)[: len(requests)]

    def _draw(self, requests: list[GenerationRequest]) -> list[Image]:
        """Every forward pass has the same batch, padded if need be: a picture does not depend on its company."""
        import torch

        padded = requests + [requests[-1]] * (COMPUTE_BATCH - len(requests))
        scheduler = copy.deepcopy(self._scheduler)  # it remembers the steps before
        with torch.inference_mode():
            states = self._states([""] * len(padded) + [each.prompt for each in padded])
            latents = torch.stack([self._noise(each.seed) for each in padded]).to(self._device, self._dtype)
            scheduler.set_timesteps(self.steps, device=self._device)
            for time in scheduler.timesteps:
                plain, told = self._unet(torch.cat([latents, latents]), time, states).sample.chunk(2)
                latents = scheduler.step(plain + self.guidance * (told - plain), time, latents).prev_sample
            drawn = self._vae.decode(latents / self._vae.config.scaling_factor).sample[:, 0].float()
            pixels = drawn.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
        return list(pixels[: len(requests)])

    def _states(self, prompts: list[str]) -> Tensor:
        """Token states float [n, length, width]. A prompt that is cut off is not logged: it may be confidential."""
        length = self._text.config.max_position_embeddings
        tokens = self._tokenizer(prompts, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
        states: Tensor = self._text(tokens.input_ids.to(self._device)).last_hidden_state
        return states

    def _noise(self, seed: int) -> Tensor:
        """float32 [c, h, w], always drawn on the CPU: the same start on every device."""
        import torch

        side = self._unet.config.sample_size
        return torch.randn((self._unet.config.in_channels, side, side), generator=torch.Generator().manual_seed(seed))


def build(context: BuildContext) -> Embedded:
    """Make the adapter, with the weights that ship or with those in `context.weights` (a folder of the same layout).

    Raises:
        UserError: a weight file is missing or is not the one that was released.
    """
    return Embedded(context)


def estimate(context: BuildContext, images: int) -> Estimate | None:
    """Measured on one thread; None for an accelerator, where nobody measured."""
    if context.device != "cpu":
        return None
    return Estimate(SECONDS_PER_IMAGE * images, 0.5, "one CPU thread", f"measured, {STEPS} steps")


def verified_hashes(folder: Path) -> dict[str, str]:
    """File name -> sha256 of all files of a pipeline folder; those that ship must be the pinned ones.

    Raises:
        UserError: a file is missing or was changed.
    """
    names = sorted(WEIGHT_HASHES)
    absent = [name for name in names if not (folder / name).is_file()]
    if absent:
        raise UserError(f"The embedded generator lacks {absent[0]} in {folder}. Reinstall the package.")
    hashes = _hashes(folder, tuple((folder / name).stat().st_mtime_ns for name in names))
    changed = [name for name in names if hashes[name] != WEIGHT_HASHES[name]]
    if folder == FOLDER and changed:
        raise UserError(f"{changed[0]} of the embedded generator is not the released file. Reinstall the package.")
    return dict(hashes)


@lru_cache(maxsize=4)
def _hashes(folder: Path, modified: tuple[int, ...]) -> dict[str, str]:
    return {name: sha256_file(folder / name) for name in sorted(WEIGHT_HASHES)}


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _settings(steps: int, guidance: float) -> dict[str, str | int | float | bool]:
    return {
        "sampler": "DPM-Solver++ (second order, trailing)",
        "steps": steps,
        "guidance": guidance,
        "compute_batch": COMPUTE_BATCH,
        "dtype": "float32",
    }

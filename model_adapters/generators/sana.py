"""Sana 0.6B, fine-tuned on MIMIC-CXR by the authors of CheXGenBench (the best published model), or stock."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_splits.errors import UserError
from model_adapters.card import ModelCard
from model_adapters.generators import diffusers_checkpoint as checkpoint
from model_adapters.generators.noise_norm import trajectory_noise_norm
from model_adapters.options import OptionValue, read_options
from model_adapters.protocols import BuildContext, GenerationRequest, Image
from model_adapters.requirements import Estimate, Missing

FINE_TUNED = "raman07/CheXGenBench-Models-Sana-e20"
STOCK = "Efficient-Large-Model/Sana_600M_512px_diffusers"
DOWNLOAD_GB = 8.9
"""Gemma-2-2B text encoder 5.23 GB and autoencoder 1.25 GB as the stock repository lists them, transformer 2.4 GB
computed from 0.6 B weights in float32. Not looked up for the fine-tuned repository, which has the same parts."""

OPTIONS: dict[str, OptionValue] = {
    "steps": 20,
    "guidance": 4.5,
    "size": 0,
    "compute_batch": 0,
    "allow_cpu": False,
}

CARD = ModelCard(
    name="sana",
    kind="generator",
    source=FINE_TUNED,
    licence="none declared (fine-tuned weights); NVIDIA NSCL v2-custom, non-commercial (stock)",
    verified=False,
    parameters=600_000_000,
    resolution=512,
    settings={"steps": 20, "guidance": 4.5, "scheduler": "the checkpoint's DPM-Solver", "max_sequence_length": 300},
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


class Sana:
    """Draws through `diffusers.SanaPipeline` with one CPU `torch.Generator` per image.

    Noise drawn on the CPU is the same on every device, and prompts are padded to a fixed length, so an image depends
    on its own prompt and seed; the batch size moves it in the last digits only, and the engine holds that constant
    (`compute_batch`).
    """

    needs_prompt = True

    def __init__(self, context: BuildContext) -> None:
        self._options = read_options(context.options, OPTIONS, CARD.name)
        missing = requirements(context)
        if missing:
            raise UserError("\n".join(f"{each.what} is missing: {each.how}" for each in missing))
        source, folder = _locate(context)
        assert folder is not None  # or it would be missing
        self._pipe = self._load(folder, context)
        self.compute_batch: int = self._options["compute_batch"] or (8 if context.device.startswith("cuda") else 1)
        self._call = self._settings(context.protocol)
        weights = checkpoint.weight_hashes(folder)
        self.card = CARD.model_copy(
            update={
                "source": source,
                "revision": checkpoint.revision(folder),
                "parameters": sum(each.numel() for each in self._pipe.transformer.parameters()),
                "resolution": self._call["height"],
                "training_data": () if source == STOCK else CARD.training_data,
                "weight_hashes": weights,
                "settings": {
                    "steps": self._options["steps"],
                    "guidance": self._options["guidance"],
                    "scheduler": type(self._pipe.scheduler).__name__,
                    "size": self._call["height"],
                    "resolution_binning": self._call["use_resolution_binning"],
                    "max_sequence_length": 300,
                    "dtype": str(self._pipe.transformer.dtype),
                    "text_encoder_dtype": str(self._pipe.text_encoder.dtype),
                    "compute_batch": self.compute_batch,
                },
            }
        )

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Image]:
        import torch

        drawn = self._pipe(
            prompt=[request.prompt for request in requests],
            generator=[torch.Generator("cpu").manual_seed(request.seed) for request in requests],
            output_type="np",
            **self._call,
        ).images
        if not np.isfinite(drawn).all():
            raise UserError("Sana drew pixels that are not numbers (float16 overflow). Run with --dtype bfloat16.")
        pixels = np.rint(np.clip(drawn, 0.0, 1.0) * 255.0).astype(np.uint8)
        return list(pixels)

    def noise_norm(self, requests: Sequence[GenerationRequest]) -> NDArray[np.float64]:
        """Text-conditional noise norm of each request, float64[n], along a short trajectory from its own noise.

        "With the prompt" is with the standing instruction around it, as the pipeline is told; without is the bare "".
        """
        import torch

        pipe, size = self._pipe, self._pipe.transformer.config.sample_size * self._pipe.vae_scale_factor
        with torch.inference_mode():
            told, told_mask, plain, plain_mask = pipe.encode_prompt(
                [request.prompt for request in requests],
                do_classifier_free_guidance=True,
                device=pipe.transformer.device,
                max_sequence_length=300,
                complex_human_instruction=_instruction_lines(pipe),
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

            return trajectory_noise_norm(denoise, pipe.scheduler, latents, self._options["guidance"])

    def annotate(self, request: GenerationRequest) -> dict[str, bool]:
        """Whether the text encoder sees the whole prompt."""
        return {"truncated": prompt_tokens(self._pipe, request.prompt) > self._pipe_limit}

    @property
    def _pipe_limit(self) -> int:
        return len(self._pipe.tokenizer.encode(_instruction(self._pipe))) + 300 - 2

    def _load(self, folder: Path, context: BuildContext) -> Any:
        import torch
        from diffusers import SanaPipeline

        checkpoint.quiet()
        on_gpu = context.device.startswith("cuda")
        dtype = getattr(torch, context.dtype or ("float16" if on_gpu else "float32"))
        pipe = SanaPipeline.from_pretrained(
            str(folder), torch_dtype=dtype, use_safetensors=True, local_files_only=True
        ).to(context.device)
        if dtype == torch.float16 and context.protocol != "v1":
            pipe.text_encoder.to(torch.bfloat16)
            pipe.vae.to(torch.bfloat16)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def _settings(self, protocol: str) -> dict[str, Any]:
        native = self._pipe.transformer.config.sample_size * self._pipe.vae_scale_factor
        published = protocol == "v1" and not self._options["size"]
        size = 1024 if published else self._options["size"] or native
        return {
            "num_inference_steps": self._options["steps"],
            "guidance_scale": self._options["guidance"],
            "height": size,
            "width": size,
            "use_resolution_binning": published,
            "max_sequence_length": 300,
        }


def prompt_tokens(pipe: Any, prompt: str) -> int:
    """Tokens of a prompt behind the pipeline's standing instruction, before truncation."""
    return len(pipe.tokenizer(_instruction(pipe) + prompt.lower().strip()).input_ids)


def _instruction(pipe: Any) -> str:
    return "\n".join(_instruction_lines(pipe))


def _instruction_lines(pipe: Any) -> list[str]:
    import inspect

    lines: list[str] = inspect.signature(type(pipe).__call__).parameters["complex_human_instruction"].default
    return lines


def _locate(context: BuildContext) -> tuple[str, Path | None]:
    """(what the record calls the checkpoint, its folder or None). A local path is named by its last part only."""
    target = str(context.weights) if context.weights else context.target
    if target in (None, "stock"):
        repository = STOCK if target == "stock" else FINE_TUNED
        return repository, checkpoint.cached_folder(repository)
    path = Path(str(target)).expanduser()
    if path.exists():
        return f"local:{path.resolve().name}", path
    if str(target).count("/") == 1 and not str(target).startswith((".", "/", "~")):
        return str(target), checkpoint.cached_folder(str(target))
    raise UserError(f"No checkpoint at {path}. Use --model sana, sana:stock, sana:/path or sana:OWNER/NAME.")


def requirements(context: BuildContext) -> list[Missing]:
    """Weights (none, or parts of them) and a GPU."""
    options = read_options(context.options, OPTIONS, CARD.name)
    source, folder = _locate(context)
    missing: list[Missing] = []
    if folder is None:
        how = f'hf download {source} --exclude "*fp16*", or point to a copy: --model sana:/path/to/checkpoint'
        missing.append(Missing(f"the checkpoint {source}", how, DOWNLOAD_GB))
    else:
        missing += checkpoint.incomplete(folder, "SanaPipeline", source)
    if context.device.startswith("cuda"):
        import torch

        if not torch.cuda.is_available():
            missing.append(Missing("a CUDA GPU that torch can use", "check `nvidia-smi` and the torch build"))
    elif context.device == "cpu" and not options["allow_cpu"] and (folder is None or checkpoint.is_large(folder)):
        how = "run on a machine with a CUDA GPU of 12 GB or more and --device cuda; "
        how += f"--model-option allow_cpu=true draws on this CPU at about {_cpu_seconds(512):.0f} s per image"
        missing.append(Missing("a GPU", how))
    return missing


def estimate(context: BuildContext, images: int) -> Estimate:
    """Time from operation counts: 1.5e13 per 512 px image and 5e13 per 1024 px image (20 steps, guided)."""
    size = 1024 if context.protocol == "v1" else 512
    if context.device == "cpu" and context.options.get("allow_cpu"):
        seconds, memory = _cpu_seconds(size), 16.0
        return Estimate(
            images * seconds, memory, f"this CPU ({os.cpu_count()} cores)", "estimated from operation counts"
        )
    seconds = 1.0 if size == 1024 else 0.4
    basis = "estimated; the model's authors report under 1 s for 1024 px on a 16 GB laptop GPU"
    return Estimate(images * seconds, CARD.memory_gb or 9.5, "a GPU with 16 GB", basis)


def _cpu_seconds(size: int) -> float:
    operations = 5e13 if size == 1024 else 1.5e13
    return operations / (4e10 * (os.cpu_count() or 1))


def build(context: BuildContext) -> Sana:
    """Load the checkpoint: `sana` (fine-tuned), `sana:stock`, `sana:/path`, or `context.weights`.

    Options: steps, guidance, size (pixels; 0 = what the protocol says), compute_batch (images per forward pass, part
    of the card; 0 = 8 on a GPU, 1 on a CPU), allow_cpu.

    Raises:
        UserError: weights or GPU are missing, and how to get them.
    """
    return Sana(context)

"""Stable Diffusion 3.5 Medium with the LoRA weights (rank 32) of the authors of CheXGenBench, or stock."""

from __future__ import annotations

from model_adapters.card import ModelCard
from model_adapters.generators.diffusers_pipeline import Family
from model_adapters.generators.diffusers_published import Published

BASE = "stabilityai/stable-diffusion-3.5-medium"

FAMILY = Family(
    pipeline="StableDiffusion3Pipeline",
    steps=40,
    guidance=4.5,
    call={"max_sequence_length": 512},
    readers=(("tokenizer", "own"), ("tokenizer_3", "call")),
    operations=1.2e13,
)
"""Operations: counted on a transformer of this shape with 128 x 128 latents (torch.utils.flop_counter)."""

SD_3_5_MEDIUM = Published(
    ModelCard(
        name="sd-3.5-medium",
        kind="generator",
        source="raman07/CheXGenBench-Models-SDV3-5",
        licence="none declared (LoRA weights); Stability AI Community License (base)",
        verified=False,
        parameters=2_500_000_000,
        resolution=1024,
        settings={"steps": 40, "guidance": 4.5, "max_sequence_length": 512, "lora_rank": 32, "dtype": "float16"},
        training_data=("mimic-cxr",),
        needs=(f"hf download {BASE} (gated) and raman07/CheXGenBench-Models-SDV3-5", "peft", "a CUDA GPU with 24 GB"),
        download_gb=16.2,
        memory_gb=20.0,
        notes=(
            "The size of the download is computed from parameter counts in float16: 2.5 B transformer, 4.8 B T5, "
            "0.8 B CLIP.",
            "T5 reads 512 tokens, the two CLIP encoders 77: `truncated_short` counts prompts that CLIP sees cut.",
        ),
    ),
    FAMILY,
    base=BASE,
)

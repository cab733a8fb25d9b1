"""Flux.1-dev with the LoRA weights (rank 32) of the authors of CheXGenBench, or stock."""

from __future__ import annotations

from model_adapters.card import ModelCard
from model_adapters.generators.diffusers_pipeline import Family
from model_adapters.generators.diffusers_published import Published

BASE = "black-forest-labs/FLUX.1-dev"

FAMILY = Family(
    pipeline="FluxPipeline",
    steps=50,
    guidance=3.5,
    call={"max_sequence_length": 512},
    dtype="bfloat16",
    readers=(("tokenizer", "own"), ("tokenizer_2", "call")),
    operations=1.1e14,
)
"""Operations: 2 x 12 B weights x (4096 latent + 512 text tokens). Guidance is distilled: one pass a step."""

FLUX_1_DEV = Published(
    ModelCard(
        name="flux.1-dev",
        kind="generator",
        source="raman07/CheXGenBench-Models-SDV-Flux",
        licence="none declared (LoRA weights); FLUX.1 [dev] Non-Commercial License (base)",
        verified=False,
        parameters=12_000_000_000,
        resolution=1024,
        settings={"steps": 50, "guidance": 3.5, "lora_rank": 32, "dtype": "bfloat16"},
        training_data=("mimic-cxr",),
        needs=(f"hf download {BASE} (gated) and raman07/CheXGenBench-Models-SDV-Flux", "peft", "a CUDA GPU with 40 GB"),
        download_gb=34.0,
        memory_gb=36.0,
        notes=(
            "Settings from the authors' development repository: the public benchmark lists flux but cannot load it.",
            "The size of the download is computed from parameter counts in bfloat16: 12 B transformer, 4.8 B T5.",
            "How many tokens the published run let T5 read is not known; here the pipeline's default of 512.",
            "CLIP reads 77 tokens, for one pooled vector: `truncated_short` counts prompts that it sees cut.",
        ),
    ),
    FAMILY,
    base=BASE,
)

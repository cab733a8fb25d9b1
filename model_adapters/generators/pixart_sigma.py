"""PixArt-Sigma, fully fine-tuned on MIMIC-CXR by the authors of CheXGenBench, or stock."""

from __future__ import annotations

from model_adapters.card import ModelCard
from model_adapters.generators.diffusers_pipeline import Family
from model_adapters.generators.diffusers_published import Published

TUNED, STOCK = "raman07/CheXGenBench-Models-Pixart-Sigma", "PixArt-alpha/PixArt-Sigma-XL-2-512-MS"

FAMILY = Family(
    pipeline="PixArtSigmaPipeline",
    steps=20,
    guidance=4.5,
    # Cleaning depends on two packages that may be absent: whether published prompts were cleaned is not known.
    call={"clean_caption": False, "max_sequence_length": 300},
    v1={"use_resolution_binning": True},
    v2={"use_resolution_binning": False},
    readers=(("tokenizer", "call"),),
    operations=1.3e12,
)
"""Operations: counted on this transformer with 64 x 64 latents and 300 tokens (torch.utils.flop_counter)."""

PIXART_SIGMA = Published(
    ModelCard(
        name="pixart-sigma",
        kind="generator",
        source=TUNED,
        licence="none declared (fine-tuned weights); CreativeML OpenRAIL++-M (stock, not looked up)",
        verified=False,
        parameters=600_000_000,
        resolution=512,
        settings={"steps": 20, "guidance": 4.5, "max_sequence_length": 300, "dtype": "float16"},
        training_data=("mimic-cxr",),
        needs=(f"hf download {TUNED}, or --model pixart-sigma:/path/to/checkpoint", "a CUDA GPU with 16 GB"),
        download_gb=21.5,
        memory_gb=12.0,
        notes=(
            "The size of the download is computed from parameter counts in float32: 0.6 B transformer, 4.8 B T5.",
            "Prompts are not cleaned: the pipeline's cleaning depends on packages (bs4, ftfy) of which it is not known "
            "whether the published run had them.",
            "The id of the stock checkpoint is not that of an official script: the references name only PixArt-Sigma.",
        ),
    ),
    FAMILY,
    stock=STOCK,
)

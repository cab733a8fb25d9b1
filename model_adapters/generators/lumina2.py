"""Lumina-Image 2.0 with the LoRA weights (rank 32) of the authors of CheXGenBench, or stock."""

from __future__ import annotations

from model_adapters.card import ModelCard
from model_adapters.generators.diffusers_pipeline import Family, PipelineGenerator
from model_adapters.generators.diffusers_published import Published

BASE = "Alpha-VLLM/Lumina-Image-2.0"

FAMILY = Family(
    pipeline="Lumina2Pipeline",
    steps=50,
    guidance=4.0,
    call={"cfg_trunc_ratio": 0.25, "cfg_normalization": True},
    dtype="bfloat16",
    readers=(("tokenizer", "call"),),
    operations=2.3e13,
)
"""Operations: 2 x 2.6 B weights x (4096 latent + 256 text tokens)."""


class Lumina2(PipelineGenerator):
    """A `PipelineGenerator` whose prompts stand behind the pipeline's system prompt, within the same 256 tokens."""

    def _encoded(self, tokenizer: str, prompt: str) -> list[int]:
        return super()._encoded(tokenizer, f"{self._pipe.system_prompt} <Prompt Start> {prompt}")


LUMINA_2 = Published(
    ModelCard(
        name="lumina-2",
        kind="generator",
        source="raman07/CheXGenBench-Models-Lumina2",
        licence="none declared (LoRA weights); Apache-2.0 (base)",
        verified=False,
        parameters=2_600_000_000,
        resolution=1024,
        settings={
            "steps": 50,
            "guidance": 4.0,
            "cfg_trunc_ratio": 0.25,
            "cfg_normalization": True,
            "lora_rank": 32,
            "dtype": "bfloat16",
        },
        training_data=("mimic-cxr",),
        needs=(f"hf download {BASE} and raman07/CheXGenBench-Models-Lumina2", "peft", "a CUDA GPU with 16 GB"),
        download_gb=10.6,
        memory_gb=14.0,
        notes=(
            "The id of the LoRA weights was read off a listing that broke off there: the name may go on.",
            "The size of the download is computed from parameter counts in bfloat16: 2.6 B transformer, 2.6 B Gemma 2.",
            "bfloat16 is the public repository's dtype; the development repository has float16.",
            "Gemma reads 256 tokens, the pipeline's system prompt included.",
        ),
    ),
    FAMILY,
    base=BASE,
    generator=Lumina2,
)

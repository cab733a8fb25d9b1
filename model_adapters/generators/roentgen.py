"""RoentGen and RoentGen-v2: Stable Diffusion fine-tuned on MIMIC-CXR at Stanford. Not in the published benchmark."""

from __future__ import annotations

from model_adapters.card import ModelCard
from model_adapters.generators.diffusers_pipeline import Family
from model_adapters.generators.diffusers_published import Published
from model_adapters.generators.unet_pipeline import UNetGenerator

V1, V2 = "StanfordAIMI/roent-gen-v1-0", "stanfordmimi/RoentGen-v2"

FAMILY = Family(
    pipeline="StableDiffusionPipeline",
    steps=75,
    guidance=4.0,
    load={"safety_checker": None, "requires_safety_checker": False},
    operations=8e11,
)

FAMILY_V2 = Family(
    pipeline="StableDiffusionPipeline",
    steps=50,
    guidance=7.5,
    load={"safety_checker": None, "requires_safety_checker": False},
    operations=8e11,
)


def _card(name: str, source: str, licence: str, family: Family, *notes: str) -> ModelCard:
    return ModelCard(
        name=name,
        kind="generator",
        source=source,
        licence=licence,
        verified=False,
        parameters=860_000_000,
        resolution=512,
        settings={"steps": family.steps, "guidance": family.guidance},
        training_data=("mimic-cxr",),
        needs=(f"access to {source} and hf download of it, or --model {name}:/path", "a CUDA GPU with 6 GB"),
        download_gb=4.3,
        memory_gb=6.0,
        notes=(
            *notes,
            "The size of the download is computed from parameter counts in float32.",
            "CLIP reads 77 tokens: longer prompts are cut, and counted.",
        ),
    )


ROENTGEN = Published(
    _card(
        "roentgen",
        V1,
        "CreativeML OpenRAIL-M; access for people credentialed for MIMIC-CXR",
        FAMILY,
        "75 steps and guidance 4 are what another public tool draws with, not looked up at the authors.",
    ),
    FAMILY,
    generator=UNetGenerator,
)

ROENTGEN_V2 = Published(
    _card(
        "roentgen-v2",
        V2,
        "not looked up",
        FAMILY_V2,
        "The hub id and the settings were not seen: the id follows the name of the authors' code repository, the "
        "settings are Stable Diffusion's.",
        "It was trained on prompts that begin with age, sex and race; the suite does not add them.",
    ),
    FAMILY_V2,
    generator=UNetGenerator,
)

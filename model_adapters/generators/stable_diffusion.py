"""Stable Diffusion 1.4, 1.5, 2 and 2.1, fully fine-tuned on MIMIC-CXR by the authors of CheXGenBench, or stock.

Settings: those of the official code. Of the four fine-tuned checkpoints only that of 2.1 was seen on the hub; for the
others the card names the base model, and a checkpoint of one's own is NAME:PATH.
"""

from __future__ import annotations

from model_adapters.card import ModelCard
from model_adapters.generators.diffusers_pipeline import Family
from model_adapters.generators.diffusers_published import Published
from model_adapters.generators.unet_pipeline import UNetGenerator

FAMILY = Family(
    pipeline="StableDiffusionPipeline",
    steps=50,
    guidance=7.5,
    # The safety filter is made for photographs: it would replace radiographs by black squares.
    load={"safety_checker": None, "requires_safety_checker": False},
    operations=8e11,
)
"""Operations: counted on this U-Net with 64 x 64 latents (torch.utils.flop_counter)."""

NOTES = (
    "v1 draws at the checkpoint's own size, as published; v2 at 512 px, the size it was fine-tuned for.",
    "The published dtype is not known; here float16 on a GPU, the dtype of the published training.",
    "The checkpoint's safety filter for photographs is not loaded; whether the published run had it is not known.",
    "CLIP reads 77 tokens: longer prompts are cut, and counted.",
)

NO_ID = (
    "No hub id of the fine-tuned weights is known: NAME draws with the base model, NAME:PATH with fine-tuned weights.",
)

OPENRAIL, OPENRAIL_PP = "CreativeML OpenRAIL-M", "CreativeML OpenRAIL++-M"


def _published(name: str, source: str, licence: str, notes: tuple[str, ...], tuned: bool, billions: float) -> Published:
    card = ModelCard(
        name=name,
        kind="generator",
        source=source,
        licence=licence,
        verified=False,
        parameters=860_000_000,
        resolution=512,
        settings={"steps": 50, "guidance": 7.5},
        training_data=("mimic-cxr",),
        needs=(f"hf download {source}, or --model {name}:/path/to/checkpoint", "a CUDA GPU with 6 GB or more"),
        # U-Net, text encoder and autoencoder in float32; the hub's own list of files was not read.
        download_gb=round(4 * billions, 1),
        memory_gb=6.0,
        notes=(*notes, *NOTES),
    )
    stock = None if not tuned else "stabilityai/stable-diffusion-2-1"
    return Published(card, FAMILY, stock=stock or source, generator=UNetGenerator)


WITHDRAWN = ("The base repositories of Stable Diffusion 2 have since been withdrawn by their owner (second hand).",)

SD_1_4 = _published("sd-1.4", "CompVis/stable-diffusion-v1-4", OPENRAIL, NO_ID, False, 1.07)
SD_1_5 = _published(
    "sd-1.5",
    "runwayml/stable-diffusion-v1-5",
    OPENRAIL,
    (*NO_ID, "The owner of this base repository is said to have moved; a copy under another name is NAME:OWNER/NAME."),
    False,
    1.07,
)
SD_2 = _published("sd-2", "stabilityai/stable-diffusion-2", OPENRAIL_PP, (*NO_ID, *WITHDRAWN), False, 1.29)
SD_2_1 = _published("sd-2.1", "raman07/CheXGenBench-Models-SDV-2-1", "none declared", WITHDRAWN, True, 1.29)
